#include "muster/worker/zone/user_zone.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/wake_fd.h"
#include "muster/ipc/memory/shared_header.h"
#include "muster/proto/counted.h"
#include "muster/worker/zone/user_zone_layout.h"

namespace muster::worker {
namespace {

constexpr std::size_t kFrontBytes = sizeof(UserZoneFront);

UserZoneFront* FrontOf(const ipc::SharedMemory& memory) {
  return std::launder(reinterpret_cast<UserZoneFront*>(memory.data()));
}

std::string Named(const std::string& name) { return absl::StrCat("zone \"", name, "\""); }

std::uint64_t MemoryBytes() {
  struct sysinfo machine;
  if (::sysinfo(&machine) != 0) return 0;
  return std::uint64_t{machine.totalram} * machine.mem_unit;
}

template <typename State>
void RecoverAt(std::byte* place, ipc::OwnerTag dead) {
  std::launder(reinterpret_cast<State*>(place))->Recover(dead);
}

}  // namespace

absl::Status UserZone::CheckSize(const std::string& name, std::uint64_t size_bytes) {
  // All of it is allocated at once. Beyond this the kernel would end others to make room.
  const std::uint64_t most = MemoryBytes() / 2;
  if (size_bytes <= most) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(Named(name), ": ", size_bytes,
                   " bytes are more than half of this machine's memory, which is ", most));
}

absl::StatusOr<UserZone> UserZone::Create(const std::string& name, std::uint64_t size_bytes) {
  ipc::UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell.valid()) return ipc::ErrnoStatus(absl::StrCat(Named(name), ": eventfd"));
  MUSTER_RETURN_IF_ERROR(CheckSize(name, size_bytes));
  ipc::SharedMemoryOptions options;
  options.size_bytes = kFrontBytes + static_cast<std::size_t>(size_bytes);
  auto memory = ipc::SharedMemory::CreateMemfd(absl::StrCat("muster-zone-", name), options);
  if (!memory.ok()) return ipc::Annotate(memory.status(), Named(name));
  // Fresh memory is zero, which all that follows takes for a valid start.
  const auto header = ipc::CreateHeader(*memory, kUserZoneLayout);
  if (!header.ok()) return ipc::Annotate(header.status(), Named(name));
  ipc::PublishHeader(*header);
  const std::uint64_t instance_id = (*header)->instance_id;
  return UserZone(name, *std::move(memory), std::move(bell), instance_id);
}

absl::StatusOr<UserZone> UserZone::Attach(const std::string& name, ipc::UniqueFd memory,
                                          ipc::UniqueFd bell) {
  ipc::SharedMemoryOptions options;
  options.size_bytes = kFrontBytes;
  auto attached = ipc::SharedMemory::AttachMemfd(std::move(memory), options);
  if (!attached.ok()) return ipc::Annotate(attached.status(), Named(name));
  const auto header = ipc::CheckHeader(*attached, kUserZoneLayout);
  if (!header.ok()) return ipc::Annotate(header.status(), Named(name));
  const volatile std::uint64_t& shared_instance_id = (*header)->instance_id;
  const std::uint64_t instance_id = shared_instance_id;
  return UserZone(name, *std::move(attached), std::move(bell), instance_id);
}

std::byte* UserZone::data() const { return memory_.data() + kFrontBytes; }
std::size_t UserZone::size_bytes() const { return memory_.size_bytes() - kFrontBytes; }

void UserZone::Restore() const { ipc::RestoreHeader(memory_, kUserZoneLayout, instance_id_); }

absl::Status UserZone::Settle(std::uint32_t layout_version, std::size_t bytes) const {
  MUSTER_CHECK(layout_version != 0, "layout versions begin with 1");
  if (bytes > size_bytes()) {
    return absl::InvalidArgumentError(absl::StrCat(Named(name_), ": has ",
                                                   config::Counted(size_bytes(), "byte"),
                                                   ", this worker needs ", bytes));
  }
  const std::uint64_t wanted =
      std::uint64_t{layout_version} << 32 | static_cast<std::uint32_t>(bytes);
  std::uint64_t found = 0;
  // Relaxed: it says nothing about the contents, which begin as zeros.
  if (FrontOf(memory_)->layout.compare_exchange_strong(found, wanted, std::memory_order_relaxed)) {
    return absl::OkStatus();
  }
  if (found == wanted) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      Named(name_), ": is laid out as version ", found >> 32, " (",
      config::Counted(static_cast<std::uint32_t>(found), "byte"), "), this worker knows version ",
      layout_version, " (", config::Counted(bytes, "byte"), "); give the new one another name"));
}

absl::Status UserZone::Note(Kind kind, const void* lock) const {
  const auto* place = static_cast<const std::byte*>(lock);
  MUSTER_CHECK(place >= data() && place < data() + size_bytes(), "a noted lock is in the zone");
  const std::uint64_t entry =
      static_cast<std::uint64_t>(place - data()) << 8 | static_cast<std::uint8_t>(kind);
  for (std::atomic<std::uint64_t>& free : FrontOf(memory_)->locks) {
    std::uint64_t found = 0;
    // Relaxed: who recovers sees the entry because its writer is dead, or will not need it.
    if (free.compare_exchange_strong(found, entry, std::memory_order_relaxed)) {
      return absl::OkStatus();
    }
    if (found == entry) return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(Named(name_), ": the master knows ", kMostLocks, " of its locks already"));
}

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

void UserZone::Recover(ipc::OwnerTag dead) const {
  for (const std::atomic<std::uint64_t>& noted : FrontOf(memory_)->locks) {
    const std::uint64_t entry = noted.load(std::memory_order_relaxed);
    if (entry == 0) break;
    const std::uint64_t offset = entry >> 8;
    // All the states are one line long, and on a line.
    constexpr std::size_t kBytes = ipc::kCacheLineBytes;
    if (offset % kBytes != 0 || size_bytes() < kBytes || offset > size_bytes() - kBytes) continue;
    std::byte* const place = data() + offset;
    switch (static_cast<Kind>(entry & 0xff)) {
      case Kind::kMutex:
        RecoverAt<ipc::MutexState>(place, dead);
        break;
      case Kind::kSpinlock:
        RecoverAt<ipc::SpinlockState>(place, dead);
        break;
      case Kind::kOnce:
        RecoverAt<ipc::OnceState>(place, dead);
        break;
      case Kind::kEvent:
        RecoverAt<ipc::EventState>(place, dead);
        break;
      case Kind::kNone:
        break;
    }
  }
  RingUnblocked();
}

}  // namespace muster::worker
