#include "muster/master/launch/launcher.h"

namespace muster::master {
namespace {

void LaunchEarly(int argc, char** argv, char**) { LaunchIfAsked(argc, argv); }

[[gnu::used, gnu::section(".preinit_array")]] void (*const launch_early)(int, char**,
                                                                         char**) = LaunchEarly;

}  // namespace
}  // namespace muster::master
