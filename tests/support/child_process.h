#ifndef MUSTER_TESTS_SUPPORT_CHILD_PROCESS_H_
#define MUSTER_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "muster/ipc/base/unique_fd.h"

namespace muster::tests {

// How long a story waits for what should happen at once, before it fails.
inline constexpr std::chrono::seconds kPatience{30};

// A program run by a test. It dies with the test, at the latest with this object.
class ChildProcess {
 public:
  // Runs `arguments` (the first is the program's path) with `environment` ("NAME=value")
  // added to the test's. Its standard output and error go into files below `folder`. `prepare` is
  // called in the child before the program; if it returns false the child exits with 125.
  ChildProcess(const std::string& folder, const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment = {},
               const std::function<bool()>& prepare = nullptr);
  ChildProcess(ChildProcess&&) = default;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  void Signal(int number) const;

  // Waits for its end: the exit code, or -N if signal N killed it. Nothing if it has not
  // ended after kPatience.
  std::optional<int> Wait();
  bool has_ended() const;

  // What it has written until now.
  std::string output() const;
  std::string errors() const;

 private:
  std::string output_path_;
  std::string errors_path_;
  pid_t pid_ = -1;
  ipc::UniqueFd pidfd_;
  std::optional<int> exit_;
};

// Waits until the process behind `pidfd` is dead; false after kPatience.
bool AwaitDeath(int pidfd);
// A descriptor for AwaitDeath; invalid if there is no such process.
ipc::UniqueFd OpenProcess(pid_t pid);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_CHILD_PROCESS_H_
