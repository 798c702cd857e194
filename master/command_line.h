#ifndef MUSTER_MASTER_COMMAND_LINE_H_
#define MUSTER_MASTER_COMMAND_LINE_H_

#include <string>
#include <variant>
#include <vector>

namespace muster::master {

// The process's exit code, for scripts: docs/SUPERVISION.md.
enum class ExitCode {
  kDone = 0,
  kFailed = 1,  // or refused; the reason was printed
  kUsage = 2,
  kNoMaster = 3,  // -s: no master runs
  kUnknown = 4,   // -s: no answer came; the order may have been carried out
  // --single: another one is that of the worker, 128 and the number of the signal that killed it.
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
  // All of it, without the program's name.
  std::vector<std::string> arguments{};
  int ready_fd = -1;       // gets a line when the master serves; -1: none
  bool is_daemon = false;  // leaves its terminal when it serves
  bool is_single = false;  // for debugging: one worker, with which it ends
};

// Reads the command line. For --help, --version and mistakes it prints the answer, and returns the
// exit code. Relative paths on the command line are relative to `directory`.
std::variant<Invocation, ExitCode> ParseCommandLine(int argc, const char* const* argv,
                                                    const std::string& directory);

}  // namespace muster::master

#endif  // MUSTER_MASTER_COMMAND_LINE_H_
