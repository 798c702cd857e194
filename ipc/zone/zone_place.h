#ifndef MUSTER_IPC_ZONE_ZONE_PLACE_H_
#define MUSTER_IPC_ZONE_ZONE_PLACE_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::ipc {

// Where the memory of a zone is, so that another process finds it. A value.
class ZonePlace {
 public:
  // A memfd, found by its descriptor alone: inherited over fork, or sent over a channel. `label` is
  // shown in /proc/PID/maps.
  static ZonePlace Memfd(std::string label) { return ZonePlace(Kind::kMemfd, std::move(label)); }
  // POSIX shared memory, as "/name".
  static ZonePlace Posix(std::string name) { return ZonePlace(Kind::kPosix, std::move(name)); }
  // A file; on tmpfs, say below /run, unless its pages are to be written to a disk.
  static ZonePlace File(std::string path) { return ZonePlace(Kind::kFile, std::move(path)); }

  // The same place, where things of other users are taken, too (trusted_owner.h). For zones whose
  // mode lets a group write, say.
  ZonePlace Trusting(const TrustedOwner& trusted) const {
    ZonePlace place = *this;
    place.trusted_ = trusted;
    return place;
  }

  // The name or the path.
  const std::string& name() const { return name_; }
  bool has_name() const { return kind_ != Kind::kMemfd; }

  // As in SharedMemory.
  absl::StatusOr<SharedMemory> Create(const SharedMemoryOptions& options) const;
  absl::StatusOr<SharedMemory> Attach(SharedMemoryOptions options) const;

 private:
  enum class Kind { kMemfd, kPosix, kFile };

  ZonePlace(Kind kind, std::string name) : kind_(kind), name_(std::move(name)) {}

  Kind kind_;
  std::string name_;
  TrustedOwner trusted_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_ZONE_PLACE_H_
