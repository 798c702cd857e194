#include "muster/ipc/memory/internal/system_v_segment.h"

#include <poll.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/process/pid_fd.h"

namespace muster::ipc::internal {
namespace {

// Ours to read and write. To execute without reading permits nothing, so those bits are a mark.
constexpr unsigned kMarkedMode = 0611;

// A zombie has ended too.
bool HasEnded(pid_t pid) {
  const absl::StatusOr<PidFd> process = PidFd::Open(pid);
  if (!process.ok()) return absl::IsNotFound(process.status());
  pollfd end = {.fd = process->fd(), .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, 0) == 1;
}

// Nobody else attaches one before it is marked for removal: its id is not yet known. So one whose
// creator is dead and that is not attached never will be.
bool IsAbandoned(const shmid_ds& segment) {
  // The creator's pid is 0 if it is of another pid namespace.
  return (segment.shm_perm.mode & (0777 | SHM_DEST)) == kMarkedMode &&
         segment.shm_perm.cuid == ::geteuid() && segment.shm_nattch == 0 && segment.shm_cpid > 0 &&
         HasEnded(segment.shm_cpid);
}

// As far as it can: this is for the sake of others.
void RemoveAbandoned() {
  shm_info info;
  const int last = ::shmctl(0, SHM_INFO, reinterpret_cast<shmid_ds*>(&info));
  for (int index = 0; index <= last; ++index) {
    shmid_ds segment;
    const int id = ::shmctl(index, SHM_STAT, &segment);
    if (id >= 0 && IsAbandoned(segment)) ::shmctl(id, IPC_RMID, nullptr);
  }
}

}  // namespace

absl::StatusOr<int> CreateSystemVSegment(std::size_t size_bytes, int flags) {
  RemoveAbandoned();
  const int id =
      ::shmget(IPC_PRIVATE, size_bytes, IPC_CREAT | flags | static_cast<int>(kMarkedMode));
  if (id < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("shmget ", size_bytes, " bytes"), error);
  }
  return id;
}

}  // namespace muster::ipc::internal
