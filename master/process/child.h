#ifndef MUSTER_MASTER_PROCESS_CHILD_H_
#define MUSTER_MASTER_PROCESS_CHILD_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/ipc/process/process_exit.h"

namespace muster::master {

// What a child is started with.
struct ChildPlan {
  std::string program;                 // the path of what is executed
  std::vector<std::string> arguments;  // the first is the program's name, also in an error
  // Ours and the child's numbers. Of standard input, output and error the child inherits those that
  // are not named. It has no other descriptor.
  std::vector<std::pair<int, int>> descriptors;
  // Unset: process_env::ChildEnvironment.
  std::optional<std::vector<std::string>> environment = std::nullopt;
};

// Why a program could not be started: `error` is an errno, `name` the program's.
absl::Status StartError(absl::string_view name, int error);

// A process that this one started. It stays ours until it is reaped by this object: ReapStrangers
// leaves it alone, so nobody else has its pid. Destroying the object neither ends the process nor
// waits for it; it is a stranger then. Start is for any thread, the rest for one at a time.
class Child {
 public:
  // Does not fork: gRPC's threads would not survive that. No signal is blocked in the child, all
  // have their default disposition. Blocks until the program is loaded. After an error no process
  // is left.
  static absl::StatusOr<Child> Start(const ChildPlan& plan);
  // A child that the program before had started in this process, and not reaped. If there is no
  // such process any more, the object stands for one that is gone: its fd() is -1, to signal it is
  // NotFound, and to wait for it FailedPrecondition.
  static absl::StatusOr<Child> Resume(pid_t pid);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  // As in ipc::PidFd.
  absl::Status Send(int signal) const;
  absl::StatusOr<std::optional<ipc::ProcessExit>> TryWait(ipc::PidFd::Reap reap);
  absl::StatusOr<ipc::ProcessExit> Wait(ipc::PidFd::Reap reap);
  int fd() const { return process_.has_value() ? process_->fd() : -1; }
  pid_t pid() const { return pid_; }

 private:
  Child(pid_t pid, std::optional<ipc::PidFd> process) : pid_(pid), process_(std::move(process)) {}

  const pid_t pid_;
  std::optional<ipc::PidFd> process_;  // nothing: it is gone
  bool is_ours_ = true;
};

// The pids of all Childs, ascending. Unavailable: one is just being started, in another thread.
absl::StatusOr<std::vector<pid_t>> Children();

// Kills a process that the program before had started in this process, if it was not reaped; it is
// a stranger then. No Child stands for it.
void EndChild(pid_t pid);

// Reaps the dead children that no Child stands for: orphans, if this process is the first of its
// pid namespace, and children from before an exec. The kernel shows one dead child at a time. If
// that is a Child's, the others have to wait until it is reaped. Never blocks. For any thread,
// after each SIGCHLD.
void ReapStrangers();

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_CHILD_H_
