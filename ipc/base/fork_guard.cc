#include "muster/ipc/base/fork_guard.h"

#include <pthread.h>
#include <sys/mman.h>

namespace muster::ipc {

constinit ForkGuardPage fork_guard_page;

namespace {

// Copied by fork, unlike the page: so a child's nonce is another one.
constinit std::atomic<std::uint32_t> last_nonce{0};

// Before there is a nonce: what is mapped here is zero.
bool WipePageOnFork() {
  // Where a program's zeroed data is mapped from its file the kernel does not wipe it.
  const bool is_wiped = ::mmap(&fork_guard_page, sizeof fork_guard_page, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED &&
                        ::madvise(&fork_guard_page, sizeof fork_guard_page, MADV_WIPEONFORK) == 0;
  // A kernel that cannot (some sandboxes have their own): at least fork(3) is seen.
  if (!is_wiped) {
    ::pthread_atfork(nullptr, nullptr,
                     [] { fork_guard_page.nonce.store(0, std::memory_order_relaxed); });
  }
  return is_wiped;
}

std::uint32_t Nonce() {
  [[maybe_unused]] static const bool is_wiped = WipePageOnFork();
  std::atomic<std::uint32_t>& nonce = fork_guard_page.nonce;
  std::uint32_t seen = nonce.load(std::memory_order_relaxed);
  if (seen != 0) return seen;
  const std::uint32_t next = last_nonce.fetch_add(1, std::memory_order_relaxed) + 1;
  // If this fails, another thread was first, and `seen` is what it stored.
  return nonce.compare_exchange_strong(seen, next, std::memory_order_relaxed) ? next : seen;
}

// When the program begins, so that no fork comes in the midst of it.
[[maybe_unused]] const std::uint32_t first_nonce = Nonce();

}  // namespace

ForkGuard ForkGuard::OfThisProcess() { return ForkGuard(Nonce()); }

}  // namespace muster::ipc
