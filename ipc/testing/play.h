#ifndef MUSTER_IPC_TESTING_PLAY_H_
#define MUSTER_IPC_TESTING_PLAY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "muster/ipc/testing/actor.h"
#include "muster/ipc/testing/held_thing.h"
#include "muster/ipc/testing/trial.h"
#include "muster/ipc/testing/victim.h"

namespace muster::ipc::testing {

// Participants by part.
inline constexpr int kVictim = 0;
inline constexpr int kSecondVictim = 1;
inline constexpr int kOwner = 2;
inline constexpr int kThief = 3;
inline constexpr int kFirstSleeper = 4;
inline constexpr int kSecondSleeper = 5;
inline constexpr int kLastComer = 6;
// Of the others' kind, but dies: where readers are victims, a writer that waits for one.
inline constexpr int kDyingSleeper = 3;
// Whom a forked child joins as, when it joins for itself.
inline constexpr int kForked = 3;

// Stages that an actor reaches after kArrived, and permissions that it waits for.
inline constexpr std::uint32_t kInside = 2;
inline constexpr std::uint32_t kMayLeave = 1;
inline constexpr std::uint32_t kMayJoin = 1;

// Who is inside, written by those who believe that they own the thing.
struct Board {
  std::atomic<std::uint32_t> inside;  // a bit per participant
  std::atomic<std::uint32_t> told;    // how many learnt of a death
};

// One trial's cast: the thing, the board beside it, and each one's lines. `kind` must outlive
// it. Enter, Leave and Fork are inline: victims execute them in their sections, and each
// instruction of a section is swept.
class Play {
 public:
  Play(const HeldKind& kind, Trial& trial);

  Trial& trial() { return trial_; }
  HeldThing& thing() { return *thing_; }
  bool has_parent() const { return kind_.parent == Parent::kThere; }

  void Enter(int participant, Part& part) {
    const bool told = thing_->Lock(participant);
    if (told) {
      board_->told.fetch_add(1);
      // It repairs: what the dead one left on the board is no longer of interest. Who shares
      // has done so while it was alone; by now others may be inside.
      if (Shares(participant)) {
        board_->inside.fetch_or(Bit(participant));
      } else {
        board_->inside.store(Bit(participant));
      }
    } else if ((board_->inside.fetch_or(Bit(participant)) & Excluded(participant)) != 0) {
      part.Fault("two owners, or a death that was not told");
    }
  }
  void Leave(int participant) {
    board_->inside.fetch_and(~Bit(participant));
    thing_->Unlock(participant);
  }

  Actor& StartVisitor(int participant);
  // Starts a visitor while somebody is inside, and waits until it sleeps.
  void StartSleeper(int participant) { trial_.AwaitWaiting(StartVisitor(participant)); }
  // Goes inside if it can, and stays until it is permitted to leave.
  Actor& StartOwner(int participant);
  // Returns when it is gone, unless it waits for somebody.
  void Dismiss(Actor& owner);

  // Kills, and notes whether it held the thing.
  void Kill(Victim& victim, int participant);
  void RecoverUnlessLate() {
    if (!trial_.late_recovery()) RecoverAll();
  }
  void RecoverEarlyOrLate();

  // All others come to their end, and somebody who comes after all that; then nothing
  // may be left.
  void Finish();
  void CheckLeftover();

  // In the process of `participant`: forks a child that lives on until FinishChild, and joins for
  // itself in the end.
  void Fork(int participant) {
    trial_.Fork([this, participant](Part& part) {
      CheckRefused(participant, part);
      part.AwaitPermission(kMayJoin);
      // Its parent is dead.
      CheckRefused(participant, part);
      thing_->Join(kForked);
      Enter(kForked, part);
      Leave(kForked);
    });
  }
  // In a child of that participant's process.
  void CheckRefused(int participant, Part& part);
  void FinishChild();
  // With one owner who dies it is known how often that must have been told.
  void CheckTold();

 private:
  void RecoverAll() {
    for (const int participant : dead_) thing_->Recover(participant);
  }
  static std::uint32_t Bit(int participant) { return 1u << participant; }
  bool Shares(int participant) const {
    return participant <= HeldThing::kLastVictim ? kind_.victim_shares : kind_.others_share;
  }
  // Whom this participant must not find inside.
  std::uint32_t Excluded(int participant) const {
    std::uint32_t excluded = 0;
    for (int other = 0; other < HeldThing::kParticipants; ++other) {
      if (other != participant && !(Shares(participant) && Shares(other))) excluded |= Bit(other);
    }
    return excluded;
  }

  const HeldKind& kind_;
  Trial& trial_;
  Board* board_;
  std::unique_ptr<HeldThing> thing_;
  std::vector<int> dead_;
  std::uint32_t least_told_ = 0;
  std::uint32_t most_told_ = 0;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_PLAY_H_
