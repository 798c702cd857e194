#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/scratch_folder.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

// Told of a death, it repairs nothing and says that it did.
bool Entered(Mutex& mutex, LockOutcome outcome) {
  MUSTER_CHECK(Holds(outcome), ToString(outcome));
  if (outcome != LockOutcome::kOwnerDied) return false;
  mutex.MarkConsistent();
  return true;
}

class MutexThing : public OwnedThing<MutexState> {
 public:
  MutexThing(void* memory, MutexOptions options)
      : OwnedThing(memory), options_(std::move(options)) {
    // Measures the pause once, so that no actor has to.
    Join(kParticipants - 1);
  }

  void Join(int participant) override {
    mutex_.emplace(state(), registry(), tag(participant), options_);
  }
  bool Lock(int) override { return Entered(*mutex_, mutex_->Lock()); }
  void Unlock(int) override { MUSTER_CHECK(mutex_->Unlock(), "it did not hold the mutex"); }

  std::optional<bool> Held(int participant) const override {
    return OwnerTag::InWord(state()->word.load()) == tag(participant);
  }
  std::string Leftover() const override {
    const std::uint32_t word = state()->word.load();
    if (word != kUnlockedWord) return absl::StrCat("the word is 0x", absl::Hex(word));
    return OwnedThing::Leftover();
  }

 private:
  MutexOptions options_;
  std::optional<Mutex> mutex_;
};

std::vector<Scenario> MutexScenariosOf(const std::string& name, MutexOptions::Strategy strategy) {
  // A pause or two: what is swept is the path, not its length.
  const MutexOptions options{
      .strategy = strategy, .spin = absl::Nanoseconds(60), .repair = nullptr};
  HeldKind kind{.name = name, .sleeps = strategy != MutexOptions::Strategy::kSpin};
  kind.create = [options](void* memory, std::size_t) {
    return std::make_unique<MutexThing>(memory, options);
  };
  return LockScenarios(kind);
}

class FileMutexThing : public HeldThing {
 public:
  // The lock belongs to an open file, so each process opens its own.
  void Join(int) override { mutex_.emplace(Value(Mutex::OnFile(folder_.path() + "/lock", 0))); }
  bool Lock(int) override { return Entered(*mutex_, mutex_->Lock()); }
  void Unlock(int) override { MUSTER_CHECK(mutex_->Unlock(), "it did not hold the mutex"); }
  std::optional<bool> Held(int) const override { return std::nullopt; }

 private:
  ScratchFolder folder_;
  std::optional<Mutex> mutex_;
};

}  // namespace

std::vector<Scenario> FileMutexScenarios() {
  HeldKind kind{.name = "mutex, on a file"};
  kind.create = [](void*, std::size_t) { return std::make_unique<FileMutexThing>(); };
  return LockScenarios(kind);
}

std::vector<Scenario> SleepingMutexScenarios() {
  return MutexScenariosOf("mutex", MutexOptions::Strategy::kSpinThenSleep);
}

std::vector<Scenario> SpinningMutexScenarios() {
  return MutexScenariosOf("mutex, spinning", MutexOptions::Strategy::kSpin);
}

}  // namespace muster::ipc::testing
