#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/testing/held_thing.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/scratch_folder.h"
#include "muster/ipc/testing/value.h"
#include "muster/ipc/zone/local/zone_mutex.h"

namespace muster::ipc::testing {
namespace {

// Told of a death, it repairs nothing and says that it did.
template <typename Handle>
bool Entered(Handle& mutex, LockOutcome outcome) {
  MUSTER_CHECK(Holds(outcome), ToString(outcome));
  if (outcome != LockOutcome::kOwnerDied) return false;
  mutex.MarkConsistent();
  return true;
}

// `Handle`: Mutex or ZoneMutex.
template <typename Handle>
class MutexThing : public OwnedThing {
 public:
  MutexThing(Parent parent, Users users, MutexOptions options, void* memory)
      : OwnedThing(parent, users, ObjectKind::kMutex, 0, memory), options_(std::move(options)) {
    MutexThing::Open(kParticipants - 1);
  }

  bool Lock(int) override { return Entered(*mutex_, mutex_->Lock()); }
  bool TryUnlock(int) override { return mutex_->Unlock(); }
  bool IsRefused(int) override { return mutex_->Lock() == LockOutcome::kNotParticipant; }

  std::optional<bool> Held(int participant) const override {
    return IsIn(mutex()->word.load(), participant);
  }

 private:
  MutexState* mutex() const { return static_cast<MutexState*>(state()); }
  void Open(int participant) override {
    mutex_.emplace(Mutex(mutex(), registry(), tag(participant), options_));
  }
  std::string Remains() const override {
    const std::uint32_t word = mutex()->word.load();
    return word == kUnlockedWord ? "" : absl::StrCat("the word is 0x", absl::Hex(word));
  }

  MutexOptions options_;
  std::optional<Handle> mutex_;
};

template <typename Handle>
std::vector<Scenario> MutexScenariosOf(const std::string& name, OwnedThing::Users users,
                                       MutexOptions::Strategy strategy) {
  // A pause or two: what is swept is the path, not its length.
  const MutexOptions options{
      .strategy = strategy, .spin = absl::Nanoseconds(60), .repair = nullptr};
  HeldKind kind{.name = name, .sleeps = strategy != MutexOptions::Strategy::kSpin};
  // What forks is the same handle.
  kind.forks = kind.sleeps;
  kind.create = [=](Parent parent, void* memory) {
    return std::make_unique<MutexThing<Handle>>(parent, users, options, memory);
  };
  return ScenariosWithAndWithoutParent(kind);
}

class FileMutexThing : public HeldThing {
 public:
  // The lock belongs to an open file, so each process opens its own.
  void Join(int) override { mutex_.emplace(Value(Mutex::OnFile(folder_.path() + "/lock", 0))); }
  bool Lock(int) override { return Entered(*mutex_, mutex_->Lock()); }
  bool TryUnlock(int) override { return mutex_->Unlock(); }
  std::optional<bool> Held(int) const override { return std::nullopt; }

 private:
  ScratchFolder folder_;
  std::optional<Mutex> mutex_;
};

}  // namespace

// The kernel recovers it, with a parent and without one.
std::vector<Scenario> FileMutexScenarios() {
  HeldKind kind{.name = "mutex, on a file"};
  kind.create = [](Parent, void*) { return std::make_unique<FileMutexThing>(); };
  return LockScenarios(kind);
}

std::vector<Scenario> SleepingMutexScenarios() {
  return MutexScenariosOf<Mutex>("mutex", OwnedThing::Users::kOneThread,
                                 MutexOptions::Strategy::kSpinThenSleep);
}

std::vector<Scenario> SpinningMutexScenarios() {
  return MutexScenariosOf<Mutex>("mutex, spinning", OwnedThing::Users::kOneThread,
                                 MutexOptions::Strategy::kSpin);
}

std::vector<Scenario> ZoneMutexScenarios() {
  return MutexScenariosOf<ZoneMutex>("zone mutex", OwnedThing::Users::kAllThreads,
                                     MutexOptions::Strategy::kSpinThenSleep);
}

}  // namespace muster::ipc::testing
