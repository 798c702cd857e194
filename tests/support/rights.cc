#include "muster/tests/support/rights.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace muster::tests {
namespace {

constexpr uid_t kNobody = 65534;

bool BecomeNobody() {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
         ::setresuid(kNobody, kNobody, kNobody) == 0;
}

// What a program run by root has is what is left in the bounding set.
bool DropCapabilities() {
  for (int capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability) != 0) return false;
  }
  return true;
}

}  // namespace

bool LoseRights() {
  if (::geteuid() != 0) return true;
  if (!BecomeNobody() && !DropCapabilities()) return false;
  // A change of the user takes it back.
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

bool MakeReadOnly(const std::string& folder) {
  const char* path = folder.c_str();
  return (::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount(path, path, nullptr, MS_BIND, nullptr) == 0 &&
         ::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0;
}

}  // namespace muster::tests
