#include "muster/ipc/lock/semaphore.h"

#include "muster/ipc/base/check.h"

namespace muster::ipc {
namespace {

static_assert(sizeof(PermitWord) == 4 && PermitWord::is_always_lock_free);

}  // namespace

Semaphore::Semaphore(EventState* released, absl::Span<PermitWord> owners, const Registry& registry,
                     OwnerTag self)
    : released_(released, registry), owners_(owners), registry_(registry), self_(self) {
  MUSTER_CHECK(self != OwnerTag(), "nobody cannot hold a permit");
  MUSTER_CHECK(!owners.empty(), "a semaphore has at least one permit");
  first_ = self.slot() % static_cast<std::uint32_t>(owners.size());
}

std::optional<std::uint32_t> Semaphore::TryAcquireSlowly() {
  const std::uint32_t count = static_cast<std::uint32_t>(owners_.size());
  std::uint32_t next = first_;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t permit = next;
    next = permit + 1 < count ? permit + 1 : 0;
    // A load first: what is held need not leave its holder's cache.
    if (owners_[permit].load(std::memory_order_relaxed) == 0 && TakeFree(permit)) return permit;
  }
  for (std::uint32_t permit = 0; permit < count; ++permit) {
    std::uint32_t seen = owners_[permit].load(std::memory_order_relaxed);
    if (registry_.IsLive(OwnerTag::InWord(seen))) continue;
    // Acquire: IsLive has seen the death; this orders what comes after.
    if (owners_[permit].compare_exchange_strong(seen, self_.bits(), std::memory_order_acquire,
                                                std::memory_order_relaxed)) {
      return permit;
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Semaphore::AcquireSlowly(Deadline deadline) {
  std::optional<std::uint32_t> permit;
  released_.Await([&] { return (permit = TryAcquireSlowly()).has_value(); }, deadline);
  return permit;
}

std::uint32_t Semaphore::available() const {
  std::uint32_t count = 0;
  for (const PermitWord& owner : owners_) {
    count += owner.load(std::memory_order_relaxed) == 0 ? 1 : 0;
  }
  return count;
}

std::uint32_t RecoverPermits(EventState& released, absl::Span<PermitWord> owners, OwnerTag dead) {
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
  released.Recover(dead);
  return recovered;
}

}  // namespace muster::ipc
