#ifndef MUSTER_CTL_COMMAND_LINE_H_
#define MUSTER_CTL_COMMAND_LINE_H_

#include <variant>

#include "muster/ctl/exit_code.h"
#include "muster/ctl/invocation.h"

namespace muster::ctl {

// Reads the arguments and MUSTER_MASTER. Returns what they ask for, or the code to exit with: kDone
// after it has printed help, kUsage after it has printed a mistake.
std::variant<Invocation, ExitCode> ParseCommandLine(int argc, char** argv);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_LINE_H_
