// The launcher without all else that is in the master's program.

#include "muster/master/launch/launcher.h"

int main(int argc, char** argv) {
  muster::master::LaunchIfAsked(argc, argv);
  return 2;
}
