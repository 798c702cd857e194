#include "muster/worker/zone/user_zone.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/wake_fd.h"
#include "muster/ipc/zone/zone_layout.h"
#include "muster/ipc/zone/zone_place.h"

namespace muster::worker {
namespace {

std::string ZoneNamed(const std::string& name) { return absl::StrCat("zone \"", name, "\""); }

std::uint64_t MemoryBytes() {
  struct sysinfo machine;
  if (::sysinfo(&machine) != 0) return 0;
  return std::uint64_t{machine.totalram} * machine.mem_unit;
}

ipc::ZoneOptions OptionsFor(absl::string_view name, std::uint64_t size_bytes) {
  ipc::ZoneOptions options;
  options.max_participants = UserZone::kMostParticipants;
  const bool is_own = absl::StartsWith(name, UserZone::kOwnPrefix);
  const std::uint32_t most = is_own ? UserZone::kMostOwnObjects : UserZone::kMostObjects;
  // No object is smaller than a line.
  options.max_objects = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(size_bytes / ipc::kCacheLineBytes, 1, most));
  options.initial_bytes = static_cast<std::size_t>(size_bytes);
  // All of it is there from the beginning: no worker finds later that the machine has no more.
  options.max_bytes = options.initial_bytes +
                      ipc::ZoneParts::FrontBytes({.max_participants = options.max_participants,
                                                  .max_objects = options.max_objects});
  return options;
}

}  // namespace

std::uint64_t UserZone::FileBytes(absl::string_view name, std::uint64_t size_bytes) {
  return OptionsFor(name, size_bytes).max_bytes;
}

absl::Status UserZone::CheckSize(const std::string& name, std::uint64_t size_bytes) {
  // All of it is allocated at once. Beyond this the kernel would end others to make room.
  const std::uint64_t most = MemoryBytes() / 2;
  if (size_bytes <= most) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(ZoneNamed(name), ": ", size_bytes,
                   " bytes are more than half of this machine's memory, which is ", most));
}

absl::StatusOr<UserZone> UserZone::Create(const std::string& name, std::uint64_t size_bytes) {
  ipc::UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell.valid()) return ipc::ErrnoStatus(absl::StrCat(ZoneNamed(name), ": eventfd"));
  MUSTER_RETURN_IF_ERROR(CheckSize(name, size_bytes));
  absl::StatusOr<ipc::Zone> zone = ipc::Zone::Create(
      ipc::ZonePlace::Memfd(absl::StrCat("muster-zone-", name)), OptionsFor(name, size_bytes));
  if (!zone.ok()) return ipc::Annotate(zone.status(), ZoneNamed(name));
  return UserZone(name, size_bytes, *std::move(zone), std::move(bell));
}

absl::StatusOr<UserZone> UserZone::Attach(const std::string& name, ipc::UniqueFd memory,
                                          ipc::UniqueFd bell) {
  absl::StatusOr<ipc::Zone> zone = ipc::Zone::Open(std::move(memory));
  if (!zone.ok()) return ipc::Annotate(zone.status(), ZoneNamed(name));
  absl::StatusOr<ipc::Participant> participant = zone->Join();
  if (!participant.ok()) return ipc::Annotate(participant.status(), ZoneNamed(name));
  const std::uint64_t size_bytes = zone->size_bytes();
  UserZone attached(name, size_bytes, *std::move(zone), std::move(bell));
  attached.participant_ = *std::move(participant);
  return attached;
}

absl::StatusOr<UserZone> UserZone::TakeOver(const std::string& name, std::uint64_t size_bytes,
                                            std::uint64_t instance_id, ipc::UniqueFd memory,
                                            ipc::UniqueFd bell) {
  absl::StatusOr<ipc::Zone> zone = ipc::Zone::Open(std::move(memory));
  if (!zone.ok()) return ipc::Annotate(zone.status(), ZoneNamed(name));
  const auto check = [&](const char* what, std::uint64_t found, std::uint64_t expected) {
    if (found == expected) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(ZoneNamed(name), ": its ", what, " is ", found, ", expected ", expected));
  };
  // What the zone says of itself any worker can write.
  const ipc::ZoneOptions made_with = OptionsFor(name, size_bytes);
  const ipc::ZoneSizes& sizes = zone->sizes();
  MUSTER_RETURN_IF_ERROR(check("instance", zone->instance_id(), instance_id));
  MUSTER_RETURN_IF_ERROR(check("largest size in bytes", sizes.max_bytes, made_with.max_bytes));
  MUSTER_RETURN_IF_ERROR(
      check("number of participants", sizes.max_participants, made_with.max_participants));
  MUSTER_RETURN_IF_ERROR(check("number of objects", sizes.max_objects, made_with.max_objects));
  return UserZone(name, size_bytes, *std::move(zone), std::move(bell));
}

std::string UserZone::Named() const { return ZoneNamed(name_); }

void UserZone::Ring() const { ipc::WakeFd::Notify(bell_.get()); }

void UserZone::RingUnblocked() const {
  // The flag is that of one description, which all processes share.
  const int flags = ::fcntl(bell_.get(), F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(bell_.get(), F_SETFL, flags | O_NONBLOCK);
  pollfd room = {.fd = bell_.get(), .events = POLLOUT, .revents = 0};
  const bool is_full = ::poll(&room, 1, 0) == 0;
  std::uint64_t count;
  // Read, it rings again for everybody.
  if (is_full) (void)!::read(bell_.get(), &count, sizeof(count));
  Ring();
}

void UserZone::BuryDead() const {
  zone_.BuryDead();
  RingUnblocked();
}

}  // namespace muster::worker
