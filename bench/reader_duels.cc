#include "muster/bench/reader_duels.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/bench/participants.h"
#include "muster/bench/pthread_peers.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/latch.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/rw_lock.h"

namespace muster::bench {
namespace {

// 64 bytes to read. Each word is its index and a fixed part, so that one word says
// whether the right copy came.
using Words = std::array<std::uint64_t, 8>;

constexpr Words Payload() {
  Words words = {};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = 0x5eed000000000000 + i;
  return words;
}

// Has the compiler believe that all of `value` is looked at.
template <typename T>
void Use(const T& value) {
  asm volatile("" : : "m"(value));
}

// `State` makes for each role a reader that is called once per operation and returns a word
// of the payload: auto ReaderFor(int role).
template <typename State>
Contestant Reading(std::string name) {
  struct Shared {
    State state;
    struct alignas(ipc::kCacheLineBytes) Line {
      std::uint64_t right;
    } lines[RoundPage::kMaxProcesses];

    std::uint64_t right() const {
      std::uint64_t sum = 0;
      for (const Line& line : lines) sum += line.right;
      return sum;
    }
  };
  const auto shared = MakeShared<Shared>();
  return Contestant{.name = std::move(name),
                    .reset = [shared] { new (shared.get()) Shared(); },
                    .play =
                        [shared](Turn& turn) {
                          auto read = shared->state.ReaderFor(turn.role());
                          std::uint64_t right = 0;
                          turn.Repeat<512>([&] { right += read() == Payload()[7] ? 1 : 0; });
                          shared->lines[turn.role()].right = right;
                        },
                    .check =
                        [shared](std::uint64_t total) {
                          if (shared->right() == total) return absl::OkStatus();
                          return absl::DataLossError(
                              absl::StrCat(shared->right(), " of ", total, " values were right"));
                        }};
}

struct OurLatch {
  ipc::LatchState<Words> latch;

  OurLatch() { ipc::Latch<Words>(&latch).Write(Payload()); }
  auto ReaderFor(int) {
    return [reader = ipc::Latch<Words>(&latch)] {
      const Words words = reader.Read();
      Use(words);
      return words[7];
    };
  }
};

// The word alone under the lock, to compare locks.
struct OurRwLock {
  Participants participants;
  ipc::RwLockState<RoundPage::kMaxProcesses> lock;
  alignas(ipc::kCacheLineBytes) std::uint64_t word = Payload()[7];

  auto ReaderFor(int role) {
    return [this, lock = *ipc::RwLock::Create(&this->lock, participants.registry(),
                                              participants.tag(role))]() mutable {
      MUSTER_CHECK(lock.LockShared() == ipc::LockOutcome::kAcquired, "RwLock::LockShared");
      const std::uint64_t read = word;
      MUSTER_CHECK(lock.UnlockShared(), "RwLock::UnlockShared");
      return read;
    };
  }
};

struct PthreadWord {
  alignas(ipc::kCacheLineBytes) PthreadRwLock lock;
  alignas(ipc::kCacheLineBytes) std::uint64_t word = Payload()[7];

  auto ReaderFor(int) {
    return [this] {
      lock.lock_shared();
      const std::uint64_t read = word;
      lock.unlock_shared();
      return read;
    };
  }
};

// All 64 bytes are copied under the lock.
struct PthreadCopy {
  alignas(ipc::kCacheLineBytes) PthreadRwLock lock;
  alignas(ipc::kCacheLineBytes) Words words = Payload();

  auto ReaderFor(int) {
    return [this] {
      lock.lock_shared();
      const Words copy = words;
      Use(copy);
      lock.unlock_shared();
      return copy[7];
    };
  }
};

}  // namespace

std::vector<Duel> ReaderDuels() {
  return {
      {"rwlock read, alone", Processes::kOne, Reading<OurRwLock>("RwLock"),
       Reading<PthreadWord>("pthread_rwlock"), 0.60},
      {"rwlock read, two processes", Processes::kTwo, Reading<OurRwLock>("RwLock"),
       Reading<PthreadWord>("pthread_rwlock"), std::nullopt},
      {"latch read of 64 bytes", Processes::kOne, Reading<OurLatch>("Latch"),
       Reading<PthreadCopy>("pthread_rwlock, a copy"), 0.30},
  };
}

}  // namespace muster::bench
