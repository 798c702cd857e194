#include "muster/ipc/testing/lock_roles.h"

#include <atomic>
#include <cstdint>
#include <utility>

#include "muster/ipc/testing/section.h"

namespace muster::ipc::testing {
namespace {

// Participants by part.
constexpr int kVictim = 0;
constexpr int kSecondVictim = 1;
constexpr int kOwner = 2;
constexpr int kThief = 3;
constexpr int kFirstSleeper = 4;
constexpr int kSecondSleeper = 5;
constexpr int kLastComer = 6;
// Of the others' kind, but dies: where readers are victims, a writer that waits for one.
constexpr int kDyingSleeper = 3;
// Whom a forked child joins as, when it joins for itself.
constexpr int kForked = 3;

// Stages that an actor reaches after kArrived, and permissions that it waits for.
constexpr std::uint32_t kInside = 2;
constexpr std::uint32_t kMayLeave = 1;
constexpr std::uint32_t kMayJoin = 1;

constexpr std::size_t kBoardBytes = 4096;

// Who is inside, written by those who believe that they own the thing.
struct Board {
  std::atomic<std::uint32_t> inside;  // a bit per participant
  std::atomic<std::uint32_t> told;    // how many learnt of a death
};

// One trial's cast: the thing, the board beside it, and each one's lines.
class Play {
 public:
  Play(const HeldKind& kind, Trial& trial)
      : kind_(kind),
        trial_(trial),
        board_(static_cast<Board*>(trial.memory())),
        thing_(kind.create(kind.parent, static_cast<char*>(trial.memory()) + kBoardBytes)) {
    static_assert(kBoardBytes + Setting::kBytes <= Stage::kMemoryBytes);
    thing_->repair = [this] { board_->inside.store(0); };
  }

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

  Actor& StartVisitor(int participant) {
    return trial_.Start([this, participant](Part& part) {
      thing_->Join(participant);
      part.Reach(kArrived);
      Enter(participant, part);
      Leave(participant);
    });
  }
  // Starts a visitor while somebody is inside, and waits until it sleeps.
  void StartSleeper(int participant) { trial_.AwaitWaiting(StartVisitor(participant)); }
  // Goes inside if it can, and stays until it is permitted to leave.
  Actor& StartOwner(int participant) {
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
  // Returns when it is gone, unless it waits for somebody.
  void Dismiss(Actor& owner) {
    owner.Permit(kMayLeave);
    trial_.AwaitDeparture(owner);
  }

  // Kills, and notes whether it held the thing.
  void Kill(Victim& victim, int participant) {
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
  void RecoverUnlessLate() {
    if (!trial_.late_recovery()) RecoverAll();
  }
  void RecoverEarlyOrLate() {
    if (trial_.late_recovery()) trial_.AwaitIdle();
    RecoverAll();
  }

  // All others come to their end, and somebody who comes after all that; then nothing
  // may be left.
  void Finish() {
    RecoverEarlyOrLate();
    trial_.AwaitAll();
    StartVisitor(kLastComer);
    trial_.AwaitAll();
    for (const int participant : dead_) thing_->Free(participant);
    // Until its handlers of fork have run, it has a copy of what its parent had.
    if (trial_.child() != nullptr) trial_.AwaitWaiting(*trial_.child());
    CheckLeftover();
  }
  void CheckLeftover() {
    const std::string leftover = thing_->Leftover();
    if (!leftover.empty()) trial_.Leak(leftover);
  }

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
  void CheckRefused(int participant, Part& part) {
    if (!thing_->IsRefused(participant)) part.Fault("a forked child locked as its parent");
    if (thing_->TryUnlock(participant)) part.Fault("a forked child unlocked as its parent");
  }
  void FinishChild() {
    Victim* child = trial_.child();
    if (child == nullptr) return;
    child->Permit(kMayJoin);
    trial_.AwaitChild();
    CheckLeftover();
  }
  // With one owner who dies it is known how often that must have been told.
  void CheckTold() {
    if (kind_.peer) return;
    if (board_->told.load() < least_told_) trial_.Fault("an owner's death was not told");
    if (board_->told.load() > most_told_) trial_.Fault("a death was told of one who did not own");
  }

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

// A victim whose section is to lock and to unlock.
Victim& StartOwnerOfOneTurn(Play& play) {
  return play.trial().StartVictim([&play](Part& part) {
    play.thing().Join(kVictim);
    SectionMark();
    play.Enter(kVictim, part);
    play.Leave(kVictim);
    SectionMark();
  });
}

// Locks and unlocks alone; somebody comes after its death.
void OwnerThenLateComer(Play& play) {
  Victim& victim = StartOwnerOfOneTurn(play);
  play.trial().Step(victim);
  play.Kill(victim, kVictim);
  play.RecoverUnlessLate();
  play.StartVisitor(kFirstSleeper);
  play.Finish();
  play.CheckTold();
}

// Locks and unlocks; somebody comes at any moment of that, and it dies at any later one.
void OwnerAndWaiterAtAnyMoment(Play& play) {
  Victim& victim = StartOwnerOfOneTurn(play);
  play.trial().Step(victim);
  play.StartSleeper(kFirstSleeper);
  play.trial().Step(victim);
  play.Kill(victim, kVictim);
  play.RecoverUnlessLate();
  play.Finish();
  play.CheckTold();
}

// Unlocks while two sleep.
void OwnerWithSleepers(Play& play) {
  Victim& victim = play.trial().StartVictim([&](Part& part) {
    play.thing().Join(kVictim);
    play.Enter(kVictim, part);
    SectionMark();
    play.Leave(kVictim);
    SectionMark();
  });
  play.StartSleeper(kFirstSleeper);
  play.StartSleeper(kSecondSleeper);
  play.trial().Step(victim);
  play.Kill(victim, kVictim);
  play.RecoverUnlessLate();
  play.Finish();
  play.CheckTold();
}

// Sleeps, is woken, locks and unlocks; another one sleeps behind it.
void WokenSleeper(Play& play) {
  Actor& owner = play.StartOwner(kOwner);
  Victim& victim = StartOwnerOfOneTurn(play);
  bool dismissed = false;
  const auto hand_over = [&](int) {
    if (std::exchange(dismissed, true)) return;
    play.StartSleeper(kFirstSleeper);
    play.Dismiss(owner);
  };
  play.trial().Step(victim, hand_over);
  play.Kill(victim, kVictim);
  play.RecoverUnlessLate();
  hand_over(0);
  play.Finish();
  play.CheckTold();
}

// Sleeps, is woken, finds that somebody was faster, sleeps again, and gets it at last.
void RobbedSleeper(Play& play) {
  Actor& owner = play.StartOwner(kOwner);
  Victim& victim = StartOwnerOfOneTurn(play);
  Actor* thief = nullptr;
  int blocks = 0;
  const auto unblock = [&](int) {
    switch (blocks++) {
      case 0:
        play.StartSleeper(kFirstSleeper);
        play.Dismiss(owner);
        thief = &play.StartOwner(kThief);
        break;
      case 1:
        play.Dismiss(*thief);
        break;
    }
  };
  play.trial().Step(victim, unblock);
  play.Kill(victim, kVictim);
  play.RecoverUnlessLate();
  while (blocks < 2) unblock(0);
  play.Finish();
  play.CheckTold();
}

// An owner is dead and two sleep; the supervisor dies while it recovers; its successor
// begins anew. Without a supervisor: who comes next dies while it finds that out, and takes over.
void Recoverer(Play& play) {
  Victim& owner = play.trial().StartVictim([&](Part& part) {
    play.thing().Join(kSecondVictim);
    play.Enter(kSecondVictim, part);
    SectionMark();
  });
  play.StartSleeper(kFirstSleeper);
  play.StartSleeper(kSecondSleeper);
  Victim& recoverer = play.trial().StartVictim([&](Part& part) {
    if (play.has_parent()) {
      SectionMark();
      play.thing().Recover(kSecondVictim);
    } else {
      play.thing().Join(kDyingSleeper);
      SectionMark();
      play.Enter(kDyingSleeper, part);
      play.Leave(kDyingSleeper);
    }
    SectionMark();
  });
  play.Kill(owner, kSecondVictim);
  play.trial().Step(recoverer);
  if (play.has_parent()) {
    recoverer.Kill();
  } else {
    play.Kill(recoverer, kDyingSleeper);
  }
  play.Finish();
  play.CheckTold();
}

// Dies, and before anybody looks for the thing others claim and leave, until the dead one's slot
// and generation have come round.
void OwnerWhoseSlotComesRound(Play& play) {
  Victim& victim = StartOwnerOfOneTurn(play);
  play.trial().Step(victim);
  play.Kill(victim, kVictim);
  play.trial().Start([&](Part& part) {
    for (int turn = 0; turn < Setting::kTurnsUntilAllComeRound; ++turn) {
      play.thing().Join(kSecondVictim);
      if (play.thing().TryUnlock(kSecondVictim)) part.Fault("what a dead one held is another's");
    }
    play.Enter(kSecondVictim, part);
    play.Leave(kSecondVictim);
  });
  play.Finish();
  play.CheckTold();
}

// Forks, before it locks or while it holds the thing. The child outlives it.
void Forking(Play& play, bool as_owner) {
  Victim& victim = play.trial().StartVictim([&](Part& part) {
    play.thing().Join(kVictim);
    SectionMark();
    if (!as_owner) play.Fork(kVictim);
    play.Enter(kVictim, part);
    if (as_owner) play.Fork(kVictim);
    play.Leave(kVictim);
    SectionMark();
  });
  play.trial().Step(victim);
  play.Kill(victim, kVictim);
  play.RecoverUnlessLate();
  play.StartVisitor(kFirstSleeper);
  play.Finish();
  play.FinishChild();
  play.CheckTold();
}
void OwnerThatForks(Play& play) { Forking(play, /*as_owner=*/true); }
void OwnerAfterItsFork(Play& play) { Forking(play, /*as_owner=*/false); }

// Is the child of an owner: its death, wherever, is none of the owner's.
void ForkedChild(Play& play) {
  Victim& owner = play.trial().StartVictim([&](Part& part) {
    play.thing().Join(kVictim);
    play.Enter(kVictim, part);
    SectionMark();
    play.trial().Fork([&](Part& child) {
      play.CheckRefused(kVictim, child);
      SectionMark();
    });
    part.AwaitPermission(kMayLeave);
    play.Leave(kVictim);
  });
  Victim* child = play.trial().RunToFork(owner);
  if (child == nullptr) return;
  play.trial().Step(*child);
  child->Kill();
  play.StartSleeper(kFirstSleeper);
  play.Dismiss(owner);
  play.Finish();
  play.CheckTold();
}

// The owner dies while it unlocks, and the sleeper who comes next dies as well.
void OwnerThenItsSleeper(Play& play) {
  Victim& owner = play.trial().StartVictim([&](Part& part) {
    play.thing().Join(kVictim);
    play.Enter(kVictim, part);
    SectionMark();
    play.Leave(kVictim);
    SectionMark();
  });
  Victim& sleeper = play.trial().StartVictim([&](Part& part) {
    play.thing().Join(kDyingSleeper);
    SectionMark();
    play.Enter(kDyingSleeper, part);
    play.Leave(kDyingSleeper);
    SectionMark();
  });
  play.trial().RunUntilBlocked(sleeper);
  play.StartSleeper(kFirstSleeper);
  play.trial().Step(owner);
  play.Kill(owner, kVictim);
  play.RecoverEarlyOrLate();
  play.trial().Step(sleeper);
  play.Kill(sleeper, kDyingSleeper);
  play.Finish();
}

}  // namespace

std::vector<Scenario> LockScenarios(HeldKind kind) {
  kind.name += NameOf(kind.parent);
  const std::string waiter = kind.sleeps ? "sleeper" : "spinner";
  const auto scenario = [&](const std::string& role, void (*play)(Play&)) {
    return Scenario{.primitive = kind.name,
                    .role = kind.variant.empty() ? role : kind.variant + ": " + role,
                    .peer = kind.peer,
                    .spins = !kind.sleeps,
                    .is_recovered = kind.parent == Parent::kThere,
                    .play = [kind, play](Trial& trial) {
                      Play staged(kind, trial);
                      play(staged);
                    }};
  };
  const auto sleeping = [&](const std::string& role, void (*play)(Play&)) {
    Scenario sleeps = scenario(role, play);
    sleeps.sleeps = kind.sleeps;
    return sleeps;
  };
  const auto pair = [&](const std::string& role, void (*play)(Play&)) {
    Scenario two = scenario(role, play);
    two.dimensions = 2;
    return two;
  };
  std::vector<Scenario> scenarios = {
      scenario("owner, waiter comes later", OwnerThenLateComer),
      scenario(kind.sleeps ? "owner, waiters asleep" : "owner, waiters spin", OwnerWithSleepers),
      sleeping("woken " + waiter, WokenSleeper),
      sleeping(waiter + " whose lock was stolen", RobbedSleeper),
  };
  // Each hang costs a peer's sweep the whole patience; of pairs there are thousands.
  if (!kind.peer) {
    scenarios.push_back(scenario("recoverer", Recoverer));
    scenarios.push_back(pair("owner, waiter at any moment", OwnerAndWaiterAtAnyMoment));
    scenarios.push_back(pair("owner, then its " + waiter, OwnerThenItsSleeper));
  }
  if (kind.parent == Parent::kNone) {
    scenarios.push_back(scenario("owner, its slot comes round", OwnerWhoseSlotComesRound));
  }
  if (kind.forks) {
    scenarios.push_back(scenario("owner that forks", OwnerThatForks));
    scenarios.push_back(scenario("owner after its fork", OwnerAfterItsFork));
    scenarios.push_back(scenario("forked child of an owner", ForkedChild));
  }
  return scenarios;
}

std::vector<Scenario> ScenariosWithAndWithoutParent(HeldKind kind) {
  std::vector<Scenario> scenarios;
  for (const Parent parent : {Parent::kThere, Parent::kNone}) {
    kind.parent = parent;
    for (Scenario& scenario : LockScenarios(kind)) scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace muster::ipc::testing
