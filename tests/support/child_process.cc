#include "muster/tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/retry.h"

namespace muster::tests {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;  // getenv finds the first of a name
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

}  // namespace

ChildProcess::ChildProcess(const std::string& folder, const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment,
                           const std::function<bool()>& prepare) {
  static std::atomic<int> number{0};
  const std::string base = absl::StrCat(folder, "/child-", ++number);
  output_path_ = base + ".out";
  errors_path_ = base + ".err";
  const std::vector<std::string> all_environment = EnvironmentWith(environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(all_environment);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  MUSTER_CHECK(pid_ >= 0, "fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    ::setsid();  // as a service: no terminal controls it
    const int null = ::open("/dev/null", O_RDONLY);
    const int out = ::open(output_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = ::open(errors_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (null < 0 || out < 0 || err < 0) ::_exit(126);
    ::dup2(null, 0);
    ::dup2(out, 1);
    ::dup2(err, 2);
    if (prepare && !prepare()) ::_exit(125);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  pidfd_ = OpenProcess(pid_);
}

ChildProcess::~ChildProcess() {
  if (!pidfd_.valid() || exit_.has_value()) return;
  ::kill(pid_, SIGKILL);
  ipc::RetryOnEintr([&] { return ::waitpid(pid_, nullptr, 0); });
}

void ChildProcess::Signal(int number) const {
  ASSERT_EQ(::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0), 0)
      << "signal " << number << " to " << pid_;
}

std::optional<int> ChildProcess::Wait() {
  if (exit_.has_value()) return exit_;
  if (!AwaitDeath(pidfd_.get())) return std::nullopt;
  int status = 0;
  ipc::RetryOnEintr([&] { return ::waitpid(pid_, &status, 0); });
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return exit_;
}

bool ChildProcess::has_ended() const {
  pollfd end = {.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  return ipc::RetryOnEintr([&] { return ::poll(&end, 1, 0); }) == 1;
}

std::string ChildProcess::output() const { return ReadFile(output_path_); }
std::string ChildProcess::errors() const { return ReadFile(errors_path_); }

bool AwaitDeath(int pidfd) {
  pollfd wait = {.fd = pidfd, .events = POLLIN, .revents = 0};
  const int patience_ms = std::chrono::milliseconds(kPatience).count();
  return ipc::RetryOnEintr([&] { return ::poll(&wait, 1, patience_ms); }) == 1;
}

ipc::UniqueFd OpenProcess(pid_t pid) {
  return ipc::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace muster::tests
