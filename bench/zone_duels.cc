#include "muster/bench/zone_duels.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "muster/bench/participants.h"
#include "muster/bench/pthread_peers.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/recover_all.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/zone/zone.h"

namespace muster::bench {
namespace {

constexpr std::uint32_t kAll = 200'000;
constexpr std::uint32_t kOpened = 1'000;
constexpr std::uint32_t kHeld = 3;

template <typename T>
T Must(absl::StatusOr<T> result) {
  MUSTER_CHECK(result.ok(), result.status().ToString().c_str());
  return *std::move(result);
}

absl::Status AlwaysRight(std::uint64_t) { return absl::OkStatus(); }

// In a process of its own.
void Fork(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  MUSTER_CHECK(::waitpid(pid, &status, 0) == pid && status == 0, "a child of a benchmark");
}

// ---- A mutex that another live process holds ----

// The parent holds the mutex from the first round on.
struct HeldMutex {
  ipc::Zone zone = Must(ipc::Zone::Create(ipc::ZonePlace::Memfd("held")));
  ipc::Participant self = Must(zone.Join());
  std::shared_ptr<ipc::ZoneMutex> mutex = Must(zone.Get<ipc::ZoneMutex>("mutex"));
};

Contestant TriedMutex() {
  auto held = std::make_shared<std::optional<HeldMutex>>();
  return {.name = "Mutex in a zone",
          .reset =
              [held] {
                if (held->has_value()) return;
                held->emplace();
                MUSTER_CHECK((*held)->mutex->Lock() == ipc::LockOutcome::kAcquired, "a new mutex");
              },
          .play =
              [held](Turn& turn) {
                const ipc::Zone& zone = (*held)->zone;
                const ipc::Participant self = Must(zone.Join());
                auto* const state = reinterpret_cast<ipc::MutexState*>(Must(zone.List()[0]).state);
                ipc::Mutex mutex(state, zone.registry(), self.tag());
                turn.Repeat<64>([&] {
                  MUSTER_CHECK(mutex.TryLock() == ipc::LockOutcome::kBusy, "it is held");
                });
              },
          .check = AlwaysRight};
}

Contestant TriedRobustMutex() {
  auto held = std::make_shared<std::shared_ptr<RobustPthreadMutex>>();
  return {.name = "robust pthread_mutex",
          .reset =
              [held] {
                if (*held != nullptr) return;
                *held = MakeShared<RobustPthreadMutex>();
                (*held)->lock();
              },
          .play =
              [held](Turn& turn) {
                turn.Repeat<64>([&] { MUSTER_CHECK(!(*held)->try_lock(), "it is held"); });
              },
          .check = AlwaysRight};
}

// ---- A death among many mutexes ----

// Somebody who is dead had opened kOpened of kAll objects.
class Graveyard {
 public:
  Graveyard()
      : zone_(Must(ipc::Zone::Create(ipc::ZonePlace::Memfd("graveyard"),
                                     {.max_objects = kAll, .max_bytes = std::size_t{1} << 30}))) {
    Fork([&] {
      const ipc::Participant self = Must(zone_.Join());
      for (std::uint32_t i = 0; i < kAll; ++i) Must(zone_.Get<ipc::ZoneMutex>(NameOf(i)));
    });
    const ipc::OwnerTag tag = Must(zone_.Reserve());
    slot_ = tag.slot();
    dead_ = ::fork();
    if (dead_ == 0) {
      // Never leaves: this process ends with it.
      new ipc::Participant(Must(zone_.Join(tag)));
      for (std::uint32_t i = 0; i < kOpened; ++i) {
        Must(zone_.Get<ipc::ZoneMutex>(NameOf(i * (kAll / kOpened))));
      }
      ::_exit(0);
    }
    ::waitpid(dead_, nullptr, 0);
    MUSTER_CHECK(zone_.Bury(tag).ok(), "the first burial");
    for (std::uint32_t i = 0; i < kHeld; ++i) {
      held_[i] = reinterpret_cast<ipc::MutexState*>(Must(zone_.List()[i * (kAll / kOpened)]).state);
    }
  }

  // The slot's next holder dies as the first one did, with what that one had opened.
  void DieAndBury() {
    const ipc::OwnerTag tag = Must(zone_.registry().Reserve(slot_));
    zone_.SetProcess(tag, dead_);
    for (ipc::MutexState* each : held_) each->word.store(tag.bits());
    MUSTER_CHECK(zone_.Bury(tag).ok(), "a burial");
    for (const ipc::MutexState* each : held_) {
      MUSTER_CHECK(each->word.load() == ipc::kAbandonedWord, "it was recovered");
    }
  }

 private:
  static std::string NameOf(std::uint32_t i) { return absl::StrCat("mutex", i); }

  ipc::Zone zone_;
  std::uint32_t slot_ = 0;
  pid_t dead_ = 0;
  ipc::MutexState* held_[kHeld] = {};
};

Contestant Burial() {
  auto graveyard = std::make_shared<std::unique_ptr<Graveyard>>();
  return {.name = "Zone::Bury",
          .reset =
              [graveyard] {
                if (*graveyard == nullptr) *graveyard = std::make_unique<Graveyard>();
              },
          .play = [graveyard](Turn& turn) { turn.Repeat<1>([&] { (*graveyard)->DieAndBury(); }); },
          .check = AlwaysRight};
}

// Without a note of who has opened what.
Contestant RecoveryOfAll() {
  struct Locks {
    Participants participants;
    ipc::MutexState mutexes[kAll];
  };
  auto locks = std::make_shared<std::shared_ptr<Locks>>();
  return {.name = "RecoverAll",
          .reset =
              [locks] {
                if (*locks == nullptr) *locks = MakeShared<Locks>();
              },
          .play =
              [locks](Turn& turn) {
                const ipc::OwnerTag dead = (*locks)->participants.tag(0);
                turn.Repeat<1>([&] {
                  for (std::uint32_t i = 0; i < kHeld; ++i) {
                    (*locks)->mutexes[i].word.store(dead.bits());
                  }
                  const int held = ipc::RecoverAll(absl::MakeSpan((*locks)->mutexes), dead);
                  MUSTER_CHECK(held == kHeld, "they were recovered");
                });
              },
          .check = AlwaysRight};
}

}  // namespace

std::vector<Duel> ZoneDuels() {
  return {
      {"try a held mutex, no parent", Processes::kOne, TriedMutex(), TriedRobustMutex()},
      {"death with 1,000 of 200,000 open", Processes::kOne, Burial(), RecoveryOfAll(), 0.10},
  };
}

}  // namespace muster::bench
