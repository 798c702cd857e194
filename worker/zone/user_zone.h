#ifndef MUSTER_WORKER_ZONE_USER_ZONE_H_
#define MUSTER_WORKER_ZONE_USER_ZONE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/zone/participant.h"
#include "muster/ipc/zone/zone.h"

namespace muster::worker {

// A named piece of shared memory for the service's own use: an ipc::Zone with a bell. The
// configuration declares it, the master creates it, and all workers take part in it. Its content
// outlives reloads and the deaths of workers; what a dead worker held in it is released as soon as
// the master knows of the death. Any process may ring the bell, and every process that watches it
// (worker/zone/zone_bell.h) is woken.
//
// Move-only; what Get returned is used as long as it lives. Thread-safe: all threads of a worker
// may use the objects. docs/MEMORY_LAYOUT.md has the layout.
class UserZone {
 public:
  // How many processes take part at a time: as many workers as the shared zone has slots.
  static constexpr std::uint32_t kMostParticipants = 1024;
  // How many objects: as many of the smallest as there is room for, up to this number. Each costs
  // 260 bytes of tables, which are allocated from the beginning.
  static constexpr std::uint32_t kMostObjects = 16384;
  // A zone whose name begins so is muster's own, and has few objects.
  static constexpr absl::string_view kOwnPrefix = "muster.";
  static constexpr std::uint32_t kMostOwnObjects = 8;

  // ResourceExhausted: this machine does not have the memory for a zone of this size.
  static absl::Status CheckSize(const std::string& name, std::uint64_t size_bytes);
  // The memory that such a zone takes, with its tables.
  static std::uint64_t FileBytes(absl::string_view name, std::uint64_t size_bytes);
  // For the master. Creates a zone with room for objects of `size_bytes` together, allocated and
  // sealed.
  static absl::StatusOr<UserZone> Create(const std::string& name, std::uint64_t size_bytes);
  // For a worker. Takes part in the zone behind two descriptors that the master handed over.
  // Errors: they are not a zone of this version, or as many as there is room for take part.
  static absl::StatusOr<UserZone> Attach(const std::string& name, ipc::UniqueFd memory,
                                         ipc::UniqueFd bell);

  // For a program that takes a master's place in its process: maps the zone that the one before had
  // created. Writes nothing. Errors name what differs: it is not a zone of this version, or not the
  // one that was created with this size and has this instance id.
  static absl::StatusOr<UserZone> TakeOver(const std::string& name, std::uint64_t size_bytes,
                                           std::uint64_t instance_id, ipc::UniqueFd memory,
                                           ipc::UniqueFd bell);

  const std::string& name() const { return name_; }
  // Differs from that of every other zone, also of an earlier one with the same name.
  std::uint64_t instance_id() const { return zone_.instance_id(); }
  // For the master: what it was created with.
  std::uint64_t size_bytes() const { return size_bytes_; }

  // The object `name`, which is made if it is not there: as ipc::Zone::Get, which has the types and
  // the errors. Errors have the zone's name, too.
  template <typename T, typename... Arguments>
  absl::StatusOr<std::shared_ptr<T>> Get(absl::string_view name, Arguments... arguments) const {
    absl::StatusOr<std::shared_ptr<T>> object = zone_.Get<T>(name, std::move(arguments)...);
    if (!object.ok()) return ipc::Annotate(object.status(), Named());
    return object;
  }
  // For what else a zone can do.
  const ipc::Zone& zone() const { return zone_; }

  // For the master, once in a while and before a process attaches: stores the headers again where
  // somebody changed them. The objects are the service's.
  void Restore() const { zone_.Restore(); }

  // Wakes everything that watches the bell, in all workers, this one included. Does not block. One
  // system call.
  void Ring() const;

  // For the master, once a worker is dead. Releases what it held, and rings, since it may have
  // written something and not rung. Idempotent. Waits for nobody, even if a worker made the bell
  // blocking, which it can, and rang it full: that is undone. But it takes longer the larger the
  // objects are that the zone's directory names, so not in the loop.
  void BuryDead() const;

  // The descriptors to hand over. They stay the zone's.
  int memory_fd() const { return zone_.fd(); }
  int bell_fd() const { return bell_.get(); }

 private:
  UserZone(std::string name, std::uint64_t size_bytes, ipc::Zone zone, ipc::UniqueFd bell)
      : name_(std::move(name)),
        size_bytes_(size_bytes),
        zone_(std::move(zone)),
        bell_(std::move(bell)) {}

  std::string Named() const;
  void RingUnblocked() const;

  std::string name_;
  std::uint64_t size_bytes_;
  ipc::Zone zone_;
  std::optional<ipc::Participant> participant_;
  ipc::UniqueFd bell_;
};

// The zones that one process was handed.
using UserZones = std::vector<std::shared_ptr<const UserZone>>;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_USER_ZONE_H_
