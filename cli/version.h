#ifndef MUSTER_CLI_VERSION_H_
#define MUSTER_CLI_VERSION_H_

namespace muster::cli {

// Of master, worker and ctl, which are released together. A definition that is linked beside it
// takes its place (//tests/next).
extern const char kVersion[];

}  // namespace muster::cli

#endif  // MUSTER_CLI_VERSION_H_
