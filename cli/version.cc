#include "muster/cli/version.h"

namespace muster::cli {

[[gnu::weak]] extern const char kVersion[];
const char kVersion[] = "0.1.0";

}  // namespace muster::cli
