#ifndef MUSTER_WORKER_SANDBOX_SYSTEM_CALL_FILTER_H_
#define MUSTER_WORKER_SANDBOX_SYSTEM_CALL_FILTER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace muster::worker {

// The system calls that a worker may make (seccomp). It is a list of what is permitted, so what a
// later kernel has is refused. A refused call fails with EPERM and has no effect; the process goes
// on, since a library that asks for too much must not end the service. Calls in the way of another
// architecture (x32, i386) are refused. Of clone3, whose flags a filter cannot see, it says ENOSYS,
// and the C library takes clone instead, which is permitted for threads.
class SystemCallFilter {
 public:
  struct Options {
    bool is_enforced = true;        // false: the kernel logs what would be refused, and does it
    bool may_connect = false;       // sockets of its own
    bool may_change_files = false;  // make, rename, remove; which ones is Landlock's to say
    pid_t self = 0;                 // to which process signals may be sent
    std::vector<std::string> further = {};  // names of system calls
    // As of <linux/audit.h>: AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64. 0: this machine's.
    std::uint32_t architecture = 0;
  };
  // InvalidArgument: no system call has such a name.
  static absl::StatusOr<SystemCallFilter> Create(const Options& options);

  // Filters the calling thread, and all that it starts later, for good. Sets no_new_privs.
  absl::Status Load() const;

  // The program for the kernel: struct sock_filter, one after the other.
  absl::StatusOr<std::string> Program() const;

 private:
  struct Release {
    void operator()(void* context) const;
  };
  using Context = std::unique_ptr<void, Release>;

  explicit SystemCallFilter(Context context) : context_(std::move(context)) {}

  Context context_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_SANDBOX_SYSTEM_CALL_FILTER_H_
