#ifndef MUSTER_WORKER_RUNTIME_COMMAND_LINE_H_
#define MUSTER_WORKER_RUNTIME_COMMAND_LINE_H_

#include <string>

#include "absl/status/statusor.h"
#include "muster/worker/runtime/program.h"

namespace muster::worker {

// What the arguments of a worker program ask for. A master passes none, which is kServe.
enum class Wish { kServe, kStandalone, kDescribe, kHelp, kVersion };

struct Invocation {
  Wish wish = Wish::kServe;
  // Of kStandalone: absolute paths.
  std::string config_file{};
  std::string prefix{};  // what relative paths of the configuration are relative to
};

// Relative paths of the command line are relative to `directory`. InvalidArgument: wrong usage. The
// message names the argument that was probably meant.
absl::StatusOr<Invocation> ParseCommandLine(int argc, const char* const* argv,
                                            const std::string& directory);

// Returns the text of --help. `name`: the program's, as ProgramName returns it.
std::string HelpText(const std::string& name, const Program& program);

// Returns the message for a program that was started by hand instead of by a master. `path`: the
// program's, as it was called.
std::string ByHandText(const std::string& path);

// Returns "worker" for "/srv/bin/worker", and also if argc is 0.
std::string ProgramName(int argc, const char* const* argv);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_COMMAND_LINE_H_
