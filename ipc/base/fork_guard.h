#ifndef MUSTER_IPC_BASE_FORK_GUARD_H_
#define MUSTER_IPC_BASE_FORK_GUARD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace muster::ipc {

// At least a page of the machine.
#if defined(__x86_64__) || defined(__i386__)
inline constexpr std::size_t kForkGuardBytes = 4096;
#else
inline constexpr std::size_t kForkGuardBytes = 65536;
#endif

// A page of its own, which the kernel gives to a child of fork as zeros (MADV_WIPEONFORK): also
// after clone and after the system call itself, which the handlers of pthread_atfork do not see.
// Where the kernel cannot do that (older than Linux 4.14, some sandboxes) such a handler wipes it:
// then only fork(3) is seen, and a child of clone, of _Fork or of the system call passes for its
// parent.
struct alignas(kForkGuardBytes) ForkGuardPage {
  // A processor compares the addresses of loads and earlier stores within their pages first, and a
  // lock's word is at a multiple of 128 there: so this is at none.
  std::byte front[2172] = {};
  // Differs between a process and all that it descends from. Zero: no guard was made in it yet.
  // Written once in each process.
  std::atomic<std::uint32_t> nonce{0};
};
// At a fixed address, so that a look at it waits for no other load.
extern ForkGuardPage fork_guard_page;

// Remembers the process that made it. A value; copies are equal to the original. Thread-safe, but
// for assignment. A child of vfork is not told from its parent: it runs in the parent's memory.
class ForkGuard {
 public:
  // Of no process: it never holds.
  constexpr ForkGuard() = default;
  ForkGuard(const ForkGuard& other) : nonce_(other.nonce()) {}
  ForkGuard& operator=(const ForkGuard& other) {
    nonce_.store(other.nonce(), std::memory_order_relaxed);
    return *this;
  }
  static ForkGuard OfThisProcess();

  // False in a child of fork. Relaxed: only this process writes its nonce, before there is a guard.
  bool holds() const { return difference() == 0; }
  // Zero: it holds. For a branch that looks at something else, too.
  std::uint32_t difference() const {
    return fork_guard_page.nonce.load(std::memory_order_relaxed) ^ nonce();
  }

  // From now on this one, and no copy, holds nowhere. Sequentially consistent, for who compares it
  // with what another thread does.
  void End() { nonce_.store(kOfNoProcess, std::memory_order_seq_cst); }
  // As holds(), in one order with every End().
  bool HoldsStill() const {
    return fork_guard_page.nonce.load(std::memory_order_relaxed) ==
           nonce_.load(std::memory_order_seq_cst);
  }

 private:
  static constexpr std::uint32_t kOfNoProcess = ~std::uint32_t{0};

  explicit constexpr ForkGuard(std::uint32_t nonce) : nonce_(nonce) {}

  std::uint32_t nonce() const { return nonce_.load(std::memory_order_relaxed); }

  // Written by its maker, by assignment and by End.
  std::atomic<std::uint32_t> nonce_{kOfNoProcess};
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_FORK_GUARD_H_
