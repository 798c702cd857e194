#ifndef MUSTER_IPC_ZONE_ZONE_WATCH_H_
#define MUSTER_IPC_ZONE_ZONE_WATCH_H_

#include <cstdint>
#include <map>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc {

// Buries the participants of a zone when they die, in an event loop: fd() is readable when one did.
// Whose process is not known, or of another pid namespace, cannot be watched; who waits for
// something of it finds its death.
//
// One thread at a time. A child of fork must not use it.
class ZoneWatch {
 public:
  // Watches those who take part now.
  static absl::StatusOr<ZoneWatch> Create(Zone zone);

  // For poll and epoll, for reading.
  int fd() const { return epoll_.get(); }
  // Watches those, too, that have come since. Looks at each slot; call it once in a while, or after
  // a child has been started. Returns how many are watched. The error of the first that could not
  // be watched, for lack of descriptors, after all others are.
  absl::StatusOr<int> Refresh();
  // Buries those that are dead, and returns their tags. Never blocks. Call it when fd() is
  // readable.
  std::vector<OwnerTag> BuryDead();

 private:
  ZoneWatch(Zone zone, UniqueFd epoll) : zone_(std::move(zone)), epoll_(std::move(epoll)) {}

  struct Watched {
    OwnerTag tag;
    PidFd process;
  };

  Zone zone_;
  UniqueFd epoll_;
  std::map<std::uint32_t, Watched> watched_;  // by slot
};

// The same in a thread of its own, which looks for new participants ten times a second. Ends with
// the object.
class ZoneWatchThread {
 public:
  static absl::StatusOr<ZoneWatchThread> Start(Zone zone);
  ZoneWatchThread(ZoneWatchThread&&) = default;
  ZoneWatchThread& operator=(ZoneWatchThread&&) = delete;

 private:
  explicit ZoneWatchThread(ZoneWatch watch);

  std::jthread thread_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_ZONE_WATCH_H_
