#include "muster/tests/support/sandbox_conditions.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "muster/tests/support/child_process.h"
#include "muster/worker/sandbox/landlock.h"

namespace muster::tests {

bool HasLandlock() { return worker::LandlockVersion().ok(); }

bool HideLandlock() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {std::size(steps), steps};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

std::string StatusOf(pid_t pid) { return ReadFile(absl::StrCat("/proc/", pid, "/status")); }

}  // namespace muster::tests
