#include "muster/ipc/testing/test_zone.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/internal/futex.h"

namespace muster::ipc {
namespace {

template <typename Result>
Result Must(absl::StatusOr<Result> result) {
  MUSTER_CHECK(result.ok(), result.status().ToString().c_str());
  return *std::move(result);
}

std::optional<Liveness> BindTo(const SharedMemory& memory, TestZone::Parent parent) {
  if (parent == TestZone::Parent::kThere) return std::nullopt;
  return Must(Liveness::Bind(memory.fd()));
}

bool SleepsInFutex(pid_t pid) {
  const std::string path = absl::StrCat("/proc/", pid, "/syscall");
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t size = ::read(fd.get(), text, sizeof text);
  MUSTER_CHECK(size >= 0, "a child's /proc/PID/syscall is readable");
  // "running" when it does not sleep.
  return absl::StartsWith(absl::string_view(text, static_cast<std::size_t>(size)),
                          absl::StrCat(SYS_futex, " "));
}

}  // namespace

TestZone::TestZone(Parent parent)
    : memory_(Must(SharedMemory::CreateMemfd("test zone", {.size_bytes = 1 << 20}))),
      liveness_(BindTo(memory_, parent)),
      registry_(
          Must(Registry::Create(memory_.data(), memory_.size_bytes(), kCapacity, liveness()))),
      used_bytes_(Registry::BytesFor(kCapacity)) {}

OwnerTag TestZone::Reserve(std::uint32_t slot) const { return Must(registry_.Reserve(slot)); }

OwnerTag TestZone::Claim() const {
  return Must(registry_.Claim([](OwnerTag) { return true; }));
}

void* TestZone::PlaceBytes(std::size_t size_bytes) {
  void* const place = memory_.data() + used_bytes_;
  used_bytes_ += (size_bytes + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
  MUSTER_CHECK(used_bytes_ <= memory_.size_bytes(), "the zone is full");
  return place;
}

void Gate::Open() {
  // Release: pairs with the acquire in Await.
  open_.store(1, std::memory_order_release);
  internal::FutexWakeAll(open_);
}

void Gate::Await() const {
  while (open_.load(std::memory_order_acquire) == 0)
    internal::FutexWait(open_, 0, Deadline::Never());
}

void AwaitFutexSleep(pid_t pid) {
  const Deadline deadline = Deadline::After(absl::Seconds(30));
  while (!SleepsInFutex(pid)) {
    MUSTER_CHECK(!deadline.has_passed(), "the child does not go to sleep");
    ::sched_yield();
  }
}

}  // namespace muster::ipc
