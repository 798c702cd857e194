#include "muster/ipc/lock/semaphore.h"

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/internal/agreed_count.h"

namespace muster::ipc {
namespace {

static_assert(sizeof(PermitWord) == 4 && PermitWord::is_always_lock_free);
static_assert(sizeof(SemaphoreHeader) == 256 && offsetof(SemaphoreHeader, permits) == 128);

}  // namespace

absl::Status Semaphore::TooMany(std::uint32_t permits, std::uint32_t most) {
  return absl::OutOfRangeError(
      absl::StrCat("semaphore: ", permits, " permits are more than the ", most, " of its state"));
}

absl::StatusOr<Semaphore> Semaphore::Create(SemaphoreHeader* header, absl::Span<PermitWord> owners,
                                            const Registry& registry, OwnerTag self) {
  MUSTER_RETURN_IF_ERROR(
      internal::AgreeOnCount(header->permits, owners.size(), "semaphore", "permits"));
  return Semaphore(&header->released, owners, registry, self);
}

Semaphore::Semaphore(EventState* released, absl::Span<PermitWord> owners, const Registry& registry,
                     OwnerTag self)
    : released_(released, registry),
      owners_(owners),
      registry_(registry),
      self_(registry, self),
      first_(self.slot() % static_cast<std::uint32_t>(owners.size())) {}

std::optional<std::uint32_t> Semaphore::TakeAny() {
  const std::uint32_t count = static_cast<std::uint32_t>(owners_.size());
  std::uint32_t next = first_;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t permit = next;
    next = permit + 1 < count ? permit + 1 : 0;
    // A load first: what is held need not leave its holder's cache.
    if (owners_[permit].load(std::memory_order_relaxed) == 0 && TakeUnchecked(permit)) {
      return permit;
    }
  }
  for (std::uint32_t permit = 0; permit < count; ++permit) {
    std::uint32_t seen = owners_[permit].load(std::memory_order_relaxed);
    if (registry_.IsLive(OwnerTag::InWord(seen))) continue;
    // Acquire: IsLive has seen the death; this orders what comes after. Sequentially consistent:
    // before the look in MayKeep.
    if (owners_[permit].compare_exchange_strong(seen, self_.bits(), std::memory_order_seq_cst,
                                                std::memory_order_relaxed)) {
      return permit;
    }
    // Where IsLive has the dead one buried, the permit has been recovered since it was read.
    if (seen == 0 && TakeUnchecked(permit)) return permit;
  }
  return std::nullopt;
}

bool Semaphore::MayKeep(std::optional<std::uint32_t>& permit) {
  if (is_participant()) return true;
  // Recover may have been faster, and the permit another's.
  std::uint32_t mine = self_.bits();
  if (permit && owners_[*permit].compare_exchange_strong(mine, 0, std::memory_order_release,
                                                         std::memory_order_relaxed)) {
    released_.NotifyOne();
  }
  permit.reset();
  return false;
}

std::optional<std::uint32_t> Semaphore::TryAcquireSlowly() {
  if (!is_participant()) return std::nullopt;
  std::optional<std::uint32_t> permit = TakeAny();
  MayKeep(permit);
  return permit;
}

std::optional<std::uint32_t> Semaphore::AcquireSlowly(Deadline deadline) {
  std::optional<std::uint32_t> permit;
  if (!is_participant()) return permit;
  const auto is_over = [&] {
    permit = TakeAny();
    return !MayKeep(permit) || permit.has_value();
  };
  released_.Await(is_over, deadline);
  return permit;
}

std::uint32_t Semaphore::available() const {
  std::uint32_t count = 0;
  for (const PermitWord& owner : owners_) {
    count += owner.load(std::memory_order_relaxed) == 0 ? 1 : 0;
  }
  return count;
}

std::uint32_t RecoverPermits(SemaphoreHeader& header, absl::Span<PermitWord> owners,
                             OwnerTag dead) {
  // The smaller of the two: beyond it may be something else.
  const std::uint32_t permits = header.permits.load(std::memory_order_relaxed);
  if (permits != 0 && permits < owners.size()) owners = owners.first(permits);
  std::uint32_t recovered = 0;
  for (PermitWord& owner : owners) {
    std::uint32_t seen = dead.bits();
    // Release: passes on what the dead one wrote, which the caller has seen since it
    // knows of the death.
    if (seen != 0 && owner.compare_exchange_strong(seen, 0, std::memory_order_release,
                                                   std::memory_order_relaxed)) {
      ++recovered;
    }
  }
  // After the permits: whoever is woken finds them.
  header.released.Recover(dead);
  return recovered;
}

}  // namespace muster::ipc
