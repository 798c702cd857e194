#include "muster/ipc/zone/zone.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::ipc {
namespace {

absl::StatusOr<std::shared_ptr<ZoneAttachment>> Build(const ZonePlace& place,
                                                      const ZoneOptions& options) {
  const ZoneSizes sizes = {.max_participants = options.max_participants,
                           .max_objects = options.max_objects,
                           .max_bytes = options.max_bytes};
  MUSTER_RETURN_IF_ERROR(sizes.Check());
  // At least the front, as it was checked.
  const std::size_t front_bytes = ZoneParts::FrontBytes(sizes);
  const std::size_t size_bytes =
      front_bytes + std::min(options.initial_bytes, sizes.max_bytes - front_bytes);
  MUSTER_ASSIGN_OR_RETURN(SharedMemory memory, place.Create({.size_bytes = size_bytes,
                                                             .reserve_bytes = sizes.max_bytes,
                                                             .mode = options.mode}));
  return ZoneAttachment::Create(std::move(memory), sizes, options.generation_bits);
}

absl::StatusOr<std::shared_ptr<ZoneAttachment>> Attach(const ZonePlace& place, bool read_only) {
  absl::StatusOr<SharedMemory> memory = place.Attach({.read_only = read_only});
  if (!memory.ok()) return Annotate(memory.status(), absl::StrCat("open zone ", place.name()));
  auto attachment = ZoneAttachment::Attach(*std::move(memory), read_only);
  if (attachment.ok()) return attachment;
  return Annotate(attachment.status(), absl::StrCat("open zone ", place.name()));
}

}  // namespace

absl::StatusOr<Zone> Zone::Create(const ZonePlace& place, const ZoneOptions& options) {
  const auto create = [&]() -> absl::StatusOr<Zone> {
    MUSTER_ASSIGN_OR_RETURN(std::shared_ptr<ZoneAttachment> attachment, Build(place, options));
    if (place.has_name()) {
      MUSTER_RETURN_IF_ERROR(attachment->Publish(SharedMemory::Publication::kNewName));
    }
    return Zone(std::move(attachment));
  };
  absl::StatusOr<Zone> zone = create();
  if (zone.ok()) return zone;
  return Annotate(zone.status(), absl::StrCat("create zone ", place.name()));
}

absl::StatusOr<Zone> Zone::Open(const ZonePlace& place) {
  MUSTER_ASSIGN_OR_RETURN(auto attachment, Attach(place, false));
  return Zone(std::move(attachment));
}

absl::StatusOr<Zone> Zone::Open(UniqueFd fd) {
  MUSTER_ASSIGN_OR_RETURN(SharedMemory memory, SharedMemory::AttachMemfd(std::move(fd)));
  MUSTER_ASSIGN_OR_RETURN(auto attachment, ZoneAttachment::Attach(std::move(memory), false));
  return Zone(std::move(attachment));
}

absl::StatusOr<Zone> Zone::OpenOrCreate(const ZonePlace& place, const ZoneOptions& options) {
  // Each turn somebody has made it, or removed it, since the last look.
  for (int turn = 0; turn < 100; ++turn) {
    absl::StatusOr<Zone> zone = Open(place);
    if (!absl::IsNotFound(zone.status())) return zone;
    zone = Create(place, options);
    if (!absl::IsAlreadyExists(zone.status())) return zone;
  }
  return absl::AbortedError(absl::StrCat("open or create zone ", place.name(),
                                         ": others make and remove it all the time"));
}

absl::StatusOr<Zone> Zone::OpenReadOnly(const ZonePlace& place) {
  MUSTER_ASSIGN_OR_RETURN(auto attachment, Attach(place, true));
  return Zone(std::move(attachment));
}

absl::StatusOr<Zone> Zone::OpenReadOnly(UniqueFd fd) {
  MUSTER_ASSIGN_OR_RETURN(SharedMemory memory,
                          SharedMemory::AttachMemfd(std::move(fd), {.read_only = true}));
  MUSTER_ASSIGN_OR_RETURN(auto attachment, ZoneAttachment::Attach(std::move(memory), true));
  return Zone(std::move(attachment));
}

absl::StatusOr<Participant> Zone::Join() const {
  MUSTER_ASSIGN_OR_RETURN(const OwnerTag tag, attachment_->Claim());
  return Participant(attachment_, tag);
}

absl::StatusOr<Participant> Zone::Join(OwnerTag reserved) const {
  MUSTER_RETURN_IF_ERROR(attachment_->Join(reserved));
  return Participant(attachment_, reserved);
}

absl::StatusOr<OwnerTag> Zone::Reserve() const {
  if (attachment_->read_only()) {
    return absl::FailedPreconditionError("zone: it was opened for reading only");
  }
  return attachment_->Reserve();
}

void Zone::SetProcess(OwnerTag tag, pid_t pid) const {
  if (!attachment_->read_only()) registry().SetProcess(tag, pid);
}

absl::Status Zone::Bury(OwnerTag tag) const { return attachment_->Bury(tag); }

void Zone::BuryDead() const {
  if (!attachment_->read_only()) attachment_->BuryDead();
}

void Zone::Restore() const {
  if (!attachment_->read_only()) attachment_->Restore();
}

absl::StatusOr<std::shared_ptr<EventFd>> Zone::GetEventFd(absl::string_view name,
                                                          UniqueFd fd) const {
  return attachment_->GetEventFd(name, std::move(fd));
}

absl::StatusOr<std::shared_ptr<EventFd>> Zone::MakeEventFd(absl::string_view name) const {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus("eventfd");
  return attachment_->GetEventFd(name, std::move(fd));
}

std::size_t Zone::size_bytes() const { return attachment_->size_bytes(); }

}  // namespace muster::ipc
