#ifndef MUSTER_WORKER_RUNTIME_COMMAND_LINE_H_
#define MUSTER_WORKER_RUNTIME_COMMAND_LINE_H_

#include <string>

#include "absl/status/statusor.h"
#include "muster/worker/runtime/program.h"

namespace muster::worker {

// What the arguments of a worker program ask for. A master gives it none.
enum class Wish { kServe, kDescribe, kHelp, kVersion };

// InvalidArgument: it knows none of them; the message tells which was probably meant.
absl::StatusOr<Wish> ParseCommandLine(int argc, const char* const* argv);

// What the program is and what it can do without a master. `name`: by which it was called.
std::string HelpText(const std::string& name, const Program& program);

// For who started it by hand. `path`: of the program, as it was called.
std::string ByHandText(const std::string& path);

// "worker" of "/srv/bin/worker"; "worker", too, if there is no argument at all.
std::string ProgramName(int argc, const char* const* argv);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_COMMAND_LINE_H_
