#ifndef MUSTER_MASTER_LAUNCH_OTHER_USERS_H_
#define MUSTER_MASTER_LAUNCH_OTHER_USERS_H_

#include <sys/mman.h>
#include <unistd.h>

#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// For tests: whether this process can become another user. Only root can, and not in a user
// namespace that has no other.
inline bool HasOtherUsers() {
  constexpr uid_t kNobody = 65534;
  const ipc::UniqueFd file(::memfd_create("other-users", MFD_CLOEXEC));
  return ::geteuid() == 0 && ::fchown(file.get(), kNobody, kNobody) == 0;
}

}  // namespace muster::master

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): it skips the test that it is in
#define NEEDS_OTHER_USERS()               \
  if (!::muster::master::HasOtherUsers()) \
  GTEST_SKIP() << "needs root, and users other than root; run it as root to see it"

#endif  // MUSTER_MASTER_LAUNCH_OTHER_USERS_H_
