#include "muster/ipc/testing/lock_roles.h"

#include <string>
#include <utility>

#include "muster/ipc/testing/play.h"
#include "muster/ipc/testing/section.h"

namespace muster::ipc::testing {
namespace {

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
