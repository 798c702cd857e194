#include "muster/ipc/lock/internal/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

#include "muster/ipc/base/check.h"

namespace muster::ipc::internal {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == 4);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

int Wake(const std::atomic<std::uint32_t>& word, int count) {
  // It fails if the memory is gone, or is now something else's.
  return static_cast<int>(::syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0));
}

}  // namespace

bool FutexWait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Deadline deadline) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  // A deadline before the clock's zero would be EINVAL.
  const std::int64_t nanoseconds = std::max<std::int64_t>(deadline.nanoseconds(), 0);
  const timespec until = {nanoseconds / kSecond, nanoseconds % kSecond};
  // Of the two waits only FUTEX_WAIT_BITSET takes an absolute time.
  const long result =
      ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, expected,
                deadline.is_never() ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
  if (result == 0 || errno == EAGAIN || errno == EINTR) return true;
  MUSTER_CHECK(errno == ETIMEDOUT,
               "FUTEX_WAIT_BITSET failed: the memory that is waited for was unmapped or cut");
  return false;
}

int FutexWakeOne(const std::atomic<std::uint32_t>& word) { return Wake(word, 1); }

int FutexWakeAll(const std::atomic<std::uint32_t>& word) { return Wake(word, INT_MAX); }

}  // namespace muster::ipc::internal
