#ifndef MUSTER_CLI_VERSION_H_
#define MUSTER_CLI_VERSION_H_

namespace muster::cli {

// Of master, worker and ctl, which are released together.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace muster::cli

#endif  // MUSTER_CLI_VERSION_H_
