#include "muster/ipc/zone/zone_attachment.h"

#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/zone/object_kind.h"

namespace muster::ipc {

namespace {

absl::Status NotTakingPart(absl::string_view name) {
  return absl::FailedPreconditionError(absl::StrCat(
      "zone object \"", name, "\": this process does not take part in the zone; Join first"));
}

}  // namespace

// The attachments of this process, by zone. Their `mutex_` are held over a fork, so that the child
// finds nothing half changed. `adding_` is not: who holds it may wait for another process.
class AttachmentTable {
 public:
  // The one that is there, else `made`, which is there from now on.
  static std::shared_ptr<ZoneAttachment> FindOrAdd(const std::shared_ptr<ZoneAttachment>& made) {
    [[maybe_unused]] static const int registered = ::pthread_atfork(LockAll, UnlockAll, InChild);
    const std::lock_guard lock(mutex_);
    for (ZoneAttachment* each : all_) {
      // By the file: what the memory says of itself others can write.
      if (each->device_ != made->device_ || each->inode_ != made->inode_) continue;
      if (each->read_only_ != made->read_only_) continue;
      // Null: it is being destroyed.
      if (auto there = each->weak_from_this().lock()) return there;
    }
    all_.push_back(made.get());
    return made;
  }
  static void Remove(ZoneAttachment* attachment) {
    const std::lock_guard lock(mutex_);
    std::erase(all_, attachment);
  }

 private:
  static void LockAll() {
    mutex_.lock();
    for (ZoneAttachment* each : all_) each->mutex_.lock();
  }
  static void UnlockAll() {
    for (ZoneAttachment* each : all_) each->mutex_.unlock();
    mutex_.unlock();
  }
  static void InChild() {
    for (ZoneAttachment* each : all_) {
      each->Forget();
      // Its owner is a thread of the parent, whom it would wait for.
      new (&each->mutex_) std::recursive_mutex();
      new (&each->adding_) std::mutex();
    }
    mutex_.unlock();
  }

  inline static constinit std::mutex mutex_;
  inline static std::vector<ZoneAttachment*> all_;
};

absl::StatusOr<std::shared_ptr<ZoneAttachment>> ZoneAttachment::Create(SharedMemory memory,
                                                                       const ZoneSizes& sizes,
                                                                       int generation_bits) {
  std::shared_ptr<ZoneAttachment> made(new ZoneAttachment(std::move(memory), false));
  MUSTER_ASSIGN_OR_RETURN(const ZoneParts parts, ZoneParts::Create(made->memory_, sizes));
  MUSTER_ASSIGN_OR_RETURN(const Liveness liveness, Liveness::Bind(made->memory_.fd()));
  MUSTER_RETURN_IF_ERROR(Registry::Create(parts.registry(), parts.registry_bytes(),
                                          sizes.max_participants, &liveness, generation_bits)
                             .status());
  parts.Publish();
  MUSTER_RETURN_IF_ERROR(made->Bind(sizes));
  return AttachmentTable::FindOrAdd(made);
}

absl::StatusOr<std::shared_ptr<ZoneAttachment>> ZoneAttachment::Attach(SharedMemory memory,
                                                                       bool read_only) {
  MUSTER_ASSIGN_OR_RETURN(const ZoneSizes sizes, ZoneParts::CheckHeader(memory));
  MUSTER_RETURN_IF_ERROR(memory.Reserve(sizes.max_bytes));
  std::shared_ptr<ZoneAttachment> made(new ZoneAttachment(std::move(memory), read_only));
  MUSTER_RETURN_IF_ERROR(made->Bind(sizes));
  return AttachmentTable::FindOrAdd(made);
}

absl::Status ZoneAttachment::Bind(const ZoneSizes& sizes) {
  parts_.emplace(memory_.data(), sizes);
  instance_id_ = parts_->header().instance_id;
  struct stat file;
  if (::fstat(memory_.fd(), &file) < 0) return ErrnoStatus("zone: fstat");
  device_ = file.st_dev;
  inode_ = file.st_ino;
  const auto on_death = [this](OwnerTag dead) { OnDeath(dead); };
  MUSTER_ASSIGN_OR_RETURN(liveness_, read_only_ ? Liveness::BindReadOnly(memory_.fd())
                                                : Liveness::Bind(memory_.fd(), on_death));
  MUSTER_ASSIGN_OR_RETURN(
      registry_, Registry::Attach(parts_->registry(), parts_->registry_bytes(), &*liveness_));
  if (registry_->capacity() != sizes.max_participants) {
    return absl::DataLossError(absl::StrCat("zone: its registry has ", registry_->capacity(),
                                            " slots, its header says ", sizes.max_participants));
  }
  directory_.emplace(&memory_, *parts_);
  return absl::OkStatus();
}

ZoneAttachment::~ZoneAttachment() {
  AttachmentTable::Remove(this);
  if (self_) Leave(*self_);
}

absl::Status ZoneAttachment::Publish(SharedMemory::Publication publication) {
  return memory_.Publish(publication);
}

// In a child of fork: the participant and the parts are the parent's. Nothing is destroyed: another
// thread may have been in the middle of using it.
void ZoneAttachment::Forget() {
  self_.reset();
  directory_mutex_.reset();
  new std::map(std::exchange(made_, {}));
}

// ---- Participants ----

absl::StatusOr<OwnerTag> ZoneAttachment::Claim() {
  const std::lock_guard adding(adding_);
  const std::lock_guard lock(mutex_);
  if (read_only_) return absl::FailedPreconditionError("zone: it was opened for reading only");
  if (TakesPart()) {
    return absl::AlreadyExistsError(
        absl::StrCat("zone: this process takes part already, in slot ", self_->slot()));
  }
  MUSTER_ASSIGN_OR_RETURN(const OwnerTag tag,
                          registry_->Claim([this](OwnerTag dead) { return Recover(dead); }));
  Begin(tag);
  return tag;
}

absl::Status ZoneAttachment::Join(OwnerTag tag) {
  const std::lock_guard adding(adding_);
  const std::lock_guard lock(mutex_);
  if (read_only_) return absl::FailedPreconditionError("zone: it was opened for reading only");
  if (TakesPart()) {
    return absl::AlreadyExistsError(
        absl::StrCat("zone: this process takes part already, in slot ", self_->slot()));
  }
  MUSTER_RETURN_IF_ERROR(registry_->Join(tag));
  Begin(tag);
  return absl::OkStatus();
}

absl::StatusOr<OwnerTag> ZoneAttachment::Reserve() {
  absl::StatusOr<OwnerTag> tag = registry_->ReserveAny();
  if (!absl::IsResourceExhausted(tag.status())) return tag;
  BuryDead();
  return registry_->ReserveAny();
}

void ZoneAttachment::Begin(OwnerTag tag) {
  // The slot's last holder had opened other objects.
  for (auto& word : parts_->opened(tag.slot())) word.store(0, std::memory_order_relaxed);
  self_ = tag;
  joiner_ = ForkGuard::OfThisProcess();
  directory_mutex_.emplace(&parts_->header().directory_mutex, *registry_, tag);
}

// Sees also a fork by the system call itself, after which no handler has run.
bool ZoneAttachment::TakesPart() {
  if (self_ && !joiner_.holds()) Forget();
  return self_.has_value();
}

void ZoneAttachment::Leave(OwnerTag tag) {
  // Destroyed after the lock is released: a repair callback may hold what is the program's, and the
  // last handle of another zone among it.
  std::map<std::uint32_t, Made> made;
  const std::lock_guard adding(adding_);
  const std::lock_guard lock(mutex_);
  if (!TakesPart() || self_ != tag) return;
  // Before anything is released: the program may have kept them, and threads may wait in them.
  for (const auto& [index, each] : made_) {
    if (each.expire != nullptr) each.expire(each.part.get());
  }
  registry_->Leave(tag, [this](OwnerTag self) { return Recover(self); });
  self_.reset();
  directory_mutex_.reset();
  made.swap(made_);
}

// ---- Burial ----

// As the observer of the liveness, whatever the thread is in the middle of: so it waits for no
// other process.
void ZoneAttachment::OnDeath(OwnerTag dead) {
  if (Recover(dead)) registry_->Free(dead);
}

// Only what the dead one had opened is looked at. Its bits stay until the slot's next holder clears
// them. So several processes may do this at once, and one that is late finds bits of the next
// holder at the worst, whose objects it recovers from somebody who holds none of them.
bool ZoneAttachment::Recover(OwnerTag dead) {
  const std::lock_guard lock(mutex_);
  parts_->header().directory_mutex.Recover(dead);
  bool recovered = true;
  // Objects do not overlap. So what damaged entries lead to is not more than there is.
  std::size_t left = memory_.FileBytes();
  const auto opened = parts_->opened(dead.slot());
  for (std::size_t i = 0; i < opened.size(); ++i) {
    // Acquire: pairs with the release in Get.
    for (std::uint64_t bits = opened[i].load(std::memory_order_acquire); bits != 0;
         bits &= bits - 1) {
      const auto index = static_cast<std::uint32_t>(64 * i + std::countr_zero(bits));
      const absl::StatusOr<ObjectState> object = directory_->StateAt(index);
      // A damaged entry leads to nothing that could be held.
      if (!object.ok() || object->bytes > left) continue;
      left -= object->bytes;
      recovered &= RecoverObject(object->kind, object->state, object->count, dead);
      // Who has the descriptor wakes the consumer; without it the request for a wake stands.
      if (const auto event = event_fds_.find(index); event != event_fds_.end()) {
        event->second->Recover(dead);
      }
    }
  }
  return recovered;
}

absl::Status ZoneAttachment::Bury(OwnerTag tag) {
  if (read_only_) return absl::FailedPreconditionError("zone: it was opened for reading only");
  if (registry_->IsLiveNow(tag) && !registry_->Withdraw(tag)) {
    const pid_t pid = registry_->Read(tag.slot())->pid;
    return absl::FailedPreconditionError(absl::StrCat(
        "bury slot ", tag.slot(), ": ",
        pid == 0 ? "the process that reserved it" : absl::StrCat("process ", pid), " is alive"));
  }
  const std::optional<ParticipantRecord> record = registry_->Read(tag.slot());
  // IsLiveNow has buried it, or another process has.
  if (!record || record->tag != tag || record->state != ParticipantState::kDead) {
    return absl::OkStatus();
  }
  if (!Recover(tag)) {
    return absl::UnimplementedError(
        absl::StrCat("bury slot ", tag.slot(),
                     ": it had opened an object of a kind that this program does not know"));
  }
  registry_->Free(tag);
  return absl::OkStatus();
}

void ZoneAttachment::BuryDead() {
  for (std::uint32_t slot = 0; slot < registry_->capacity(); ++slot) {
    const ParticipantRecord record = *registry_->Read(slot);
    if (record.state != ParticipantState::kFree) Bury(record.tag).IgnoreError();
  }
}

void ZoneAttachment::Restore() {
  parts_->Restore(instance_id_);
  registry_->StoreHeader();
}

// ---- Objects ----

absl::StatusOr<ObjectView> ZoneAttachment::FindOrAdd(
    absl::string_view name, const ObjectSpec& spec,
    absl::FunctionRef<void(void* state)> initialise) {
  absl::StatusOr<ObjectView> found = directory_->Find(name, spec);
  if (!absl::IsNotFound(found.status())) return found;
  const std::lock_guard adding(adding_);
  if (!directory_mutex_) return NotTakingPart(name);
  return directory_->FindOrAdd(name, spec, initialise, *directory_mutex_);
}

absl::StatusOr<ObjectView> ZoneAttachment::Open(absl::string_view name, const ObjectSpec& spec,
                                                absl::FunctionRef<void(void* state)> initialise) {
  {
    const std::lock_guard lock(mutex_);
    if (!TakesPart()) return NotTakingPart(name);
  }
  MUSTER_ASSIGN_OR_RETURN(ObjectView object, FindOrAdd(name, spec, initialise));
  const std::lock_guard lock(mutex_);
  if (!TakesPart()) return NotTakingPart(name);
  // Before anything can be held. Release: pairs with the acquire in Recover.
  parts_->opened(self_->slot())[object.index / 64].fetch_or(std::uint64_t{1} << object.index % 64,
                                                            std::memory_order_release);
  return object;
}

absl::StatusOr<std::shared_ptr<void>> ZoneAttachment::Get(
    absl::string_view name, const ObjectSpec& spec, absl::FunctionRef<void(void* state)> initialise,
    MakePart make, ExpirePart expire) {
  MUSTER_ASSIGN_OR_RETURN(ObjectView object, Open(name, spec, initialise));
  const std::lock_guard lock(mutex_);
  if (!TakesPart()) return NotTakingPart(name);
  const std::uint32_t index = object.index;
  if (const auto made = made_.find(index); made != made_.end()) return made->second.part;
  MUSTER_ASSIGN_OR_RETURN(std::shared_ptr<void> part,
                          make({std::move(object), *registry_, *self_}));
  made_[index] = {part, expire};
  return part;
}

absl::StatusOr<std::shared_ptr<EventFd>> ZoneAttachment::GetEventFd(absl::string_view name,
                                                                    UniqueFd fd) {
  MUSTER_ASSIGN_OR_RETURN(const ObjectView object,
                          Open(name,
                               {.kind = ObjectKind::kEventFd,
                                .type = "EventFd",
                                .bytes = StateBytes(ObjectKind::kEventFd, 0)},
                               [](void*) {}));
  const std::lock_guard lock(mutex_);
  if (const auto made = event_fds_.find(object.index); made != event_fds_.end()) {
    return made->second;
  }
  if (!fd.valid()) {
    return absl::FailedPreconditionError(
        absl::StrCat("zone object \"", name,
                     "\": this process does not have its eventfd; receive it from the consumer"));
  }
  return event_fds_[object.index] = std::make_shared<EventFd>(
             reinterpret_cast<EventFdState*>(object.state), *registry_, std::move(fd));
}

absl::StatusOr<ObjectView> ZoneAttachment::Find(absl::string_view name, const ObjectSpec& spec) {
  return directory_->Find(name, spec);
}

std::vector<absl::StatusOr<ObjectView>> ZoneAttachment::List() {
  std::vector<absl::StatusOr<ObjectView>> objects;
  for (std::uint32_t i = 0; i < directory_->size(); ++i) objects.push_back(directory_->At(i));
  return objects;
}

}  // namespace muster::ipc
