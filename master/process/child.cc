#include "muster/master/process/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/process_env/child_environment.h"

namespace muster::master {
namespace {

// Which children are ours. The kernel knows one set of children for all threads, so there is one of
// these. Its mutex is never held over a call that waits.
class Family {
 public:
  void BeginStart() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++starting_;
  }

  // `pid`: -1 if there is none to keep.
  void EndStart(pid_t pid) {
    const std::lock_guard<std::mutex> lock(mutex_);
    --starting_;
    if (pid > 0) pids_.insert(pid);
    if (are_strangers_waiting_) ReapStrangersLocked();
  }

  void Leave(pid_t pid) {
    const std::lock_guard<std::mutex> lock(mutex_);
    pids_.erase(pid);
    if (are_strangers_waiting_) ReapStrangersLocked();
  }

  void Join(pid_t pid) {
    const std::lock_guard<std::mutex> lock(mutex_);
    pids_.insert(pid);
  }

  void ReapStrangers() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ReapStrangersLocked();
  }

  absl::StatusOr<std::vector<pid_t>> Pids() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (starting_ > 0) return absl::UnavailableError("a program is being started");
    return std::vector<pid_t>(pids_.begin(), pids_.end());
  }

 private:
  void ReapStrangersLocked() {
    // A child that is just being started may be dead before its pid is known here.
    are_strangers_waiting_ = starting_ > 0;
    while (!are_strangers_waiting_) {
      siginfo_t dead = {};
      if (::waitid(P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT) < 0 || dead.si_pid == 0) return;
      are_strangers_waiting_ = pids_.count(dead.si_pid) != 0;
      if (are_strangers_waiting_) return;
      ::waitid(P_PID, static_cast<id_t>(dead.si_pid), &dead, WEXITED | WNOHANG);
    }
  }

  std::mutex mutex_;
  int starting_ = 0;
  std::set<pid_t> pids_;
  bool are_strangers_waiting_ = false;
};

Family& TheFamily() {
  static Family& family = *new Family;
  return family;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn is told, freed at the end.
class SpawnOrders {
 public:
  SpawnOrders() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  SpawnOrders(const SpawnOrders&) = delete;
  SpawnOrders& operator=(const SpawnOrders&) = delete;
  ~SpawnOrders() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // Zero or an errno, as the calls return it.
  int Prepare(const std::vector<std::pair<int, int>>& descriptors) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    int error = AddDescriptors(descriptors);
    if (error == 0) error = ::posix_spawnattr_setsigmask(&attributes_, &none);
    if (error == 0) error = ::posix_spawnattr_setsigdefault(&attributes_, &all);
    if (error == 0) {
      error =
          ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    return error;
  }

  int Spawn(const ChildPlan& plan, pid_t* pid) const {
    const std::vector<std::string> environment =
        plan.environment.has_value() ? *plan.environment : process_env::ChildEnvironment();
    return ::posix_spawn(pid, plan.program.c_str(), &actions_, &attributes_,
                         Pointers(plan.arguments).data(), Pointers(environment).data());
  }

 private:
  int AddDescriptors(const std::vector<std::pair<int, int>>& descriptors) {
    int highest = STDERR_FILENO;
    std::set<int> named;
    for (const auto& [ours, the_childs] : descriptors) {
      highest = std::max(highest, the_childs);
      named.insert(the_childs);
    }
    for (const auto& [ours, the_childs] : descriptors) {
      int source = ours;
      // One that the child gets before would take its number.
      if (ours <= highest && ours != the_childs) {
        moved_.emplace_back(::fcntl(ours, F_DUPFD_CLOEXEC, highest + 1));
        if (!moved_.back().valid()) return errno;
        source = moved_.back().get();
      }
      // dup2 also clears close-on-exec, even if the numbers are the same (POSIX.1-2024, glibc).
      const int error = ::posix_spawn_file_actions_adddup2(&actions_, source, the_childs);
      if (error != 0) return error;
    }
    for (int fd = STDERR_FILENO + 1; fd < highest; ++fd) {
      if (named.count(fd) != 0) continue;
      const int error = ::posix_spawn_file_actions_addclose(&actions_, fd);
      if (error != 0) return error;
    }
    return ::posix_spawn_file_actions_addclosefrom_np(&actions_, highest + 1);
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  std::vector<ipc::UniqueFd> moved_;  // open until the child is started
};

// What the kernel's word for it leaves open.
absl::string_view Explain(int error) {
  switch (error) {
    case ENOENT:
      return "; what would load it is not there: the interpreter that its first line, or its ELF "
             "header, names";
    case ETXTBSY:
      return "; somebody is writing to the file. Replace a program by renaming a new file to its "
             "path";
    default:
      return "";
  }
}

std::string GoneText(pid_t pid) { return absl::StrCat("process ", pid, " is gone"); }

absl::StatusOr<ipc::PidFd> Spawn(const ChildPlan& plan) {
  SpawnOrders orders;
  if (const int error = orders.Prepare(plan.descriptors); error != 0) {
    return ipc::ErrnoStatus("posix_spawn attributes", error);
  }
  pid_t pid = -1;
  if (const int error = orders.Spawn(plan, &pid); error != 0) {
    return StartError(plan.arguments.front(), error);
  }
  // Ours and not yet waited for, so it is that process, dead or alive.
  absl::StatusOr<ipc::PidFd> process = ipc::PidFd::Open(pid);
  if (!process.ok()) {
    // Nobody could watch it.
    ::kill(pid, SIGKILL);
    ipc::RetryOnEintr([&] { return ::waitpid(pid, nullptr, 0); });
  }
  return process;
}

}  // namespace

absl::Status StartError(absl::string_view name, int error) {
  const absl::Status status = ipc::ErrnoStatus(absl::StrCat("start ", name), error);
  return absl::Status(status.code(), absl::StrCat(status.message(), Explain(error)));
}

absl::StatusOr<Child> Child::Start(const ChildPlan& plan) {
  TheFamily().BeginStart();
  absl::StatusOr<ipc::PidFd> process = Spawn(plan);
  TheFamily().EndStart(process.ok() ? process->pid() : -1);
  if (!process.ok()) return process.status();
  const pid_t pid = process->pid();
  return Child(pid, *std::move(process));
}

absl::StatusOr<Child> Child::Resume(pid_t pid) {
  if (pid <= 0) return absl::InvalidArgumentError(absl::StrCat("process ", pid));
  absl::StatusOr<ipc::PidFd> process = ipc::PidFd::Open(pid);
  if (!process.ok() && !absl::IsNotFound(process.status())) return process.status();
  TheFamily().Join(pid);
  return Child(pid, process.ok() ? std::optional(*std::move(process)) : std::nullopt);
}

Child::Child(Child&& other) noexcept
    : pid_(other.pid_),
      process_(std::move(other.process_)),
      is_ours_(std::exchange(other.is_ours_, false)) {}

Child::~Child() {
  if (is_ours_) TheFamily().Leave(pid());
}

absl::Status Child::Send(int signal) const {
  return process_.has_value() ? process_->Send(signal) : absl::NotFoundError(GoneText(pid_));
}

absl::StatusOr<std::optional<ipc::ProcessExit>> Child::TryWait(ipc::PidFd::Reap reap) {
  if (!process_.has_value()) return absl::FailedPreconditionError(GoneText(pid_));
  absl::StatusOr<std::optional<ipc::ProcessExit>> exit = process_->TryWait(reap);
  const bool is_reaped = exit.ok() && exit->has_value() && reap == ipc::PidFd::Reap::kYes;
  if (is_reaped && std::exchange(is_ours_, false)) TheFamily().Leave(pid());
  return exit;
}

absl::StatusOr<ipc::ProcessExit> Child::Wait(ipc::PidFd::Reap reap) {
  if (!process_.has_value()) return absl::FailedPreconditionError(GoneText(pid_));
  absl::StatusOr<ipc::ProcessExit> exit = process_->Wait(reap);
  const bool is_reaped = exit.ok() && reap == ipc::PidFd::Reap::kYes;
  if (is_reaped && std::exchange(is_ours_, false)) TheFamily().Leave(pid());
  return exit;
}

absl::StatusOr<std::vector<pid_t>> Children() { return TheFamily().Pids(); }

void EndChild(pid_t pid) {
  siginfo_t info = {};
  // Only as long as it is a child of ours, and not reaped, is the pid nobody else's.
  if (pid <= 0) return;
  const auto id = static_cast<id_t>(pid);
  if (::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0) ::kill(pid, SIGKILL);
}

void ReapStrangers() { TheFamily().ReapStrangers(); }

}  // namespace muster::master
