#ifndef MUSTER_MASTER_COMMAND_LINE_H_
#define MUSTER_MASTER_COMMAND_LINE_H_

#include <string>
#include <variant>

namespace muster::master {

// The process's exit code, for scripts: docs/SUPERVISION.md.
enum class ExitCode {
  kDone = 0,
  kFailed = 1,  // or refused; the reason was told
  kUsage = 2,
  kNoMaster = 3,  // -s: there is none to tell
  kUnknown = 4,   // -s: it did not answer; what was ordered may be done
};

// What -s asks of a running master.
enum class Order { kReload, kReopen, kQuit, kStop };

// What the command line asks for.
struct Invocation {
  struct Run {};
  struct TestConfig {};
  using What = std::variant<Run, TestConfig, Order>;

  What what = Run{};
  std::string config_file;  // absolute
  // What relative paths of the configuration are relative to: absolute.
  std::string prefix;
  std::string worker_binary;  // absolute, or empty: as the configuration says
  int ready_fd = -1;          // that is told when the master serves; -1: none
};

// Prints what is to be printed for --help, --version and mistakes; then the exit code is all.
// `directory` is what relative paths on the command line are relative to.
std::variant<Invocation, ExitCode> ParseCommandLine(int argc, const char* const* argv,
                                                    const std::string& directory);

// Where the caller is. Under `bazel run` that is not the process's working directory.
std::string CallersDirectory();

}  // namespace muster::master

#endif  // MUSTER_MASTER_COMMAND_LINE_H_
