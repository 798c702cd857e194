#include "muster/ipc/base/origin_process.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace muster::ipc {
namespace {

using Number = std::atomic<std::uint64_t>;

// A number that the kernel sets to zero in every child, however it was forked. Null where it cannot
// (older than Linux 4.14): then the pid has to do.
Number* WipedAtFork() {
  static Number* const number = []() -> Number* {
    void* const page =
        ::mmap(nullptr, sizeof(Number), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return nullptr;
    if (::madvise(page, sizeof(Number), MADV_WIPEONFORK) < 0) {
      ::munmap(page, sizeof(Number));
      return nullptr;
    }
    return new (page) Number(0);
  }();
  return number;
}

// Children have their copy, so no process has the number of one from which it descends.
constinit Number last_number{0};

std::uint64_t NumberOfThisProcess() {
  Number* const number = WipedAtFork();
  if (number == nullptr) return 0;
  std::uint64_t found = number->load(std::memory_order_relaxed);
  if (found != 0) return found;
  const std::uint64_t next = last_number.fetch_add(1, std::memory_order_relaxed) + 1;
  // Fails if another thread has given it one.
  return number->compare_exchange_strong(found, next, std::memory_order_relaxed) ? next : found;
}

}  // namespace

OriginProcess::OriginProcess() : pid_(::getpid()), number_(NumberOfThisProcess()) {}

bool OriginProcess::IsThisOne() const {
  return pid_ == ::getpid() && number_ == NumberOfThisProcess();
}

}  // namespace muster::ipc
