#include "muster/ipc/testing/play.h"

#include <cstddef>
#include <optional>
#include <string>

#include "muster/ipc/testing/setting.h"

namespace muster::ipc::testing {
namespace {

constexpr std::size_t kBoardBytes = 4096;

}  // namespace

Play::Play(const HeldKind& kind, Trial& trial)
    : kind_(kind),
      trial_(trial),
      board_(static_cast<Board*>(trial.memory())),
      thing_(kind.create(kind.parent, static_cast<char*>(trial.memory()) + kBoardBytes)) {
  static_assert(kBoardBytes + Setting::kBytes <= Stage::kMemoryBytes);
  thing_->repair = [this] { board_->inside.store(0); };
}

Actor& Play::StartVisitor(int participant) {
  return trial_.Start([this, participant](Part& part) {
    thing_->Join(participant);
    part.Reach(kArrived);
    Enter(participant, part);
    Leave(participant);
  });
}

Actor& Play::StartOwner(int participant) {
  Actor& owner = trial_.Start([this, participant](Part& part) {
    thing_->Join(participant);
    part.Reach(kArrived);
    Enter(participant, part);
    part.Reach(kInside);
    part.AwaitPermission(kMayLeave);
    Leave(participant);
  });
  trial_.AwaitWaiting(owner);
  return owner;
}

void Play::Dismiss(Actor& owner) {
  owner.Permit(kMayLeave);
  trial_.AwaitDeparture(owner);
}

void Play::Kill(Victim& victim, int participant) {
  // All that is read and written here comes before: once it is dead others may take what it held
  // at any moment.
  const bool was_inside = (board_->inside.load() & Bit(participant)) != 0;
  const std::optional<bool> held = thing_->Held(participant);
  // Nobody tells of a reader's death: it tears nothing, unless it dies within a repair.
  const bool is_told = kind_.tells && !Shares(participant);
  if (!is_told) board_->inside.fetch_and(~Bit(participant));
  victim.Kill();
  dead_.push_back(participant);
  // Of the first death only: the second one may have learnt of it, and told nobody.
  if (is_told && dead_.size() == 1) least_told_ += held.value_or(was_inside);
  if (kind_.tells) most_told_ += held.value_or(is_told);
}

void Play::RecoverEarlyOrLate() {
  if (trial_.late_recovery()) trial_.AwaitIdle();
  RecoverAll();
}

void Play::Finish() {
  RecoverEarlyOrLate();
  trial_.AwaitAll();
  StartVisitor(kLastComer);
  trial_.AwaitAll();
  for (const int participant : dead_) thing_->Free(participant);
  // Until its handlers of fork have run, it has a copy of what its parent had.
  if (trial_.child() != nullptr) trial_.AwaitWaiting(*trial_.child());
  CheckLeftover();
}

void Play::CheckLeftover() {
  const std::string leftover = thing_->Leftover();
  if (!leftover.empty()) trial_.Leak(leftover);
}

void Play::CheckRefused(int participant, Part& part) {
  if (!thing_->IsRefused(participant)) part.Fault("a forked child locked as its parent");
  if (thing_->TryUnlock(participant)) part.Fault("a forked child unlocked as its parent");
}

void Play::FinishChild() {
  Victim* child = trial_.child();
  if (child == nullptr) return;
  child->Permit(kMayJoin);
  trial_.AwaitChild();
  CheckLeftover();
}

void Play::CheckTold() {
  if (kind_.peer) return;
  if (board_->told.load() < least_told_) trial_.Fault("an owner's death was not told");
  if (board_->told.load() > most_told_) trial_.Fault("a death was told of one who did not own");
}

}  // namespace muster::ipc::testing
