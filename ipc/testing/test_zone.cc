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

SharedMemory MakeMemory() {
  SharedMemoryOptions options;
  options.size_bytes = 1 << 20;
  auto memory = SharedMemory::CreateAnonymous(options);
  MUSTER_CHECK(memory.ok(), memory.status().ToString().c_str());
  return *std::move(memory);
}

Registry MakeRegistry(const SharedMemory& memory, const LivenessFile* liveness) {
  auto registry =
      Registry::Create(memory.data(), memory.size_bytes(), TestZone::kCapacity, liveness);
  MUSTER_CHECK(registry.ok(), registry.status().ToString().c_str());
  return *registry;
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

TestZone::TestZone(const LivenessFile* liveness)
    : memory_(MakeMemory()),
      registry_(MakeRegistry(memory_, liveness)),
      used_bytes_(Registry::BytesFor(kCapacity)) {}

OwnerTag TestZone::Reserve(std::uint32_t slot) const {
  const auto tag = registry_.Reserve(slot);
  MUSTER_CHECK(tag.ok(), tag.status().ToString().c_str());
  return *tag;
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
