#ifndef MUSTER_IPC_ZONE_ZONE_ATTACHMENT_H_
#define MUSTER_IPC_ZONE_ZONE_ATTACHMENT_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/fork_guard.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/event_fd.h"
#include "muster/ipc/lock/liveness.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/zone/directory.h"
#include "muster/ipc/zone/zone_layout.h"

namespace muster::ipc {

// What a part of this process's is made from. `self` is nobody where the object needs nobody.
struct OpenedObject {
  ObjectView view;
  Registry registry;
  OwnerTag self;
};

// What one process has of one zone: the mapping, its participant, and for each object that it has
// opened one part of its own, which all threads use. There is one attachment for each zone and
// process, however often the process opens it. Thread-safe. In a child of fork it is the same
// mapping with no participant and no parts.
class ZoneAttachment : public std::enable_shared_from_this<ZoneAttachment> {
 public:
  // Makes the process's part of an object.
  using MakePart =
      absl::FunctionRef<absl::StatusOr<std::shared_ptr<void>>(const OpenedObject& object)>;
  // Tells a part that the participant leaves. Null: it does not matter to the part.
  using ExpirePart = void (*)(void* part);

  // Builds a zone in `memory`, which is new. It is not published to others yet.
  static absl::StatusOr<std::shared_ptr<ZoneAttachment>> Create(SharedMemory memory,
                                                                const ZoneSizes& sizes,
                                                                int generation_bits);
  // Returns the attachment that this process has of the same zone, if any.
  static absl::StatusOr<std::shared_ptr<ZoneAttachment>> Attach(SharedMemory memory,
                                                                bool read_only);
  ZoneAttachment(const ZoneAttachment&) = delete;
  ZoneAttachment& operator=(const ZoneAttachment&) = delete;
  ~ZoneAttachment();

  absl::Status Publish(SharedMemory::Publication publication);

  // AlreadyExists: this process has a participant already.
  absl::StatusOr<OwnerTag> Claim();
  absl::Status Join(OwnerTag tag);
  // For another process.
  absl::StatusOr<OwnerTag> Reserve();
  // Without effect if `tag` is not this process's participant: after a fork it is the parent's.
  void Leave(OwnerTag tag);
  absl::Status Bury(OwnerTag tag);
  void BuryDead();
  void Restore();

  // The part of an object, which is made, and the object with it, if it is not there.
  absl::StatusOr<std::shared_ptr<void>> Get(absl::string_view name, const ObjectSpec& spec,
                                            absl::FunctionRef<void(void* state)> initialise,
                                            MakePart make, ExpirePart expire);
  // An object that is there, for looking at it. Needs no participant.
  absl::StatusOr<ObjectView> Find(absl::string_view name, const ObjectSpec& spec);
  std::vector<absl::StatusOr<ObjectView>> List();

  // An object of kind kEventFd. `fd`: its eventfd, if this process has none of it yet; else it is
  // closed. FailedPrecondition: there is none, neither here nor in `fd`. A child of fork has those
  // of its parent.
  absl::StatusOr<std::shared_ptr<EventFd>> GetEventFd(absl::string_view name, UniqueFd fd);

  const Registry& registry() const { return *registry_; }
  const ZoneParts& parts() const { return *parts_; }
  int fd() const { return memory_.fd(); }
  std::size_t size_bytes() const { return memory_.FileBytes(); }
  bool read_only() const { return read_only_; }
  std::uint64_t instance_id() const { return instance_id_; }

 private:
  friend class AttachmentTable;

  struct Made {
    std::shared_ptr<void> part;
    ExpirePart expire;
  };

  ZoneAttachment(SharedMemory memory, bool read_only)
      : memory_(std::move(memory)), read_only_(read_only) {}

  absl::Status Bind(const ZoneSizes& sizes);
  bool Recover(OwnerTag dead);
  void OnDeath(OwnerTag dead);
  void Begin(OwnerTag tag);
  bool TakesPart();
  // The one that is there, or a new one.
  absl::StatusOr<ObjectView> FindOrAdd(absl::string_view name, const ObjectSpec& spec,
                                       absl::FunctionRef<void(void* state)> initialise);
  absl::StatusOr<ObjectView> Open(absl::string_view name, const ObjectSpec& spec,
                                  absl::FunctionRef<void(void* state)> initialise);
  void Forget();

  SharedMemory memory_;
  const bool read_only_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::uint64_t instance_id_ = 0;
  std::optional<ZoneParts> parts_;
  std::optional<Liveness> liveness_;
  std::optional<Registry> registry_;

  // Held by who adds an object, while it waits for those in other processes that do, and maybe are
  // stopped. Before `mutex_`. A fork, a burial or a wait for a lock needs it not.
  std::mutex adding_;
  // Recursive: who claims a slot recovers what its last holder held.
  std::recursive_mutex mutex_;
  std::optional<Directory> directory_;
  std::optional<OwnerTag> self_;
  ForkGuard joiner_;
  std::optional<Mutex> directory_mutex_;
  std::map<std::uint32_t, Made> made_;
  std::map<std::uint32_t, std::shared_ptr<EventFd>> event_fds_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_ZONE_ATTACHMENT_H_
