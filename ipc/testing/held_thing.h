#ifndef MUSTER_IPC_TESTING_HELD_THING_H_
#define MUSTER_IPC_TESTING_HELD_THING_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "muster/ipc/base/check.h"
#include "muster/ipc/testing/setting.h"

namespace muster::ipc::testing {

// Something in shared memory that participants hold in turn, as the roles see it. One
// object per trial, made in the harness and inherited by the actors' processes.
class HeldThing {
 public:
  // Participants are numbered from 0; each is one actor. Participant kParticipants - 1 is
  // the harness's own, for warming up.
  static constexpr int kParticipants = Setting::kParticipants;
  // Participants 0 to this one hold it as a victim does, the rest as the others do.
  static constexpr int kLastVictim = 1;

  virtual ~HeldThing() = default;

  // In the participant's process, before anything else.
  virtual void Join(int /*participant*/) {}
  // Returns true if it was told that an owner died.
  virtual bool Lock(int participant) = 0;
  // Called by a Lock that was told of a death but gives the thing up in between, as that of a
  // reader does, while nobody else can be inside.
  std::function<void()> repair = [] {};
  // False: the participant does not hold it.
  virtual bool TryUnlock(int participant) = 0;
  void Unlock(int participant) {
    MUSTER_CHECK(TryUnlock(participant), "it did not hold the thing");
  }
  // In a child that the participant's process has forked: that the participant's handle takes
  // nothing there. For kinds that are swept with forks.
  virtual bool IsRefused(int /*participant*/) { return true; }
  // In the supervisor, when the participant is dead. May be called again.
  virtual void Recover(int /*participant*/) {}
  // In the supervisor, when all recoveries of the participant are over.
  virtual void Free(int /*participant*/) {}

  // Whether the memory says that this participant, who is dead, held it. Empty: that cannot be
  // seen, because the kernel has recovered it already.
  virtual std::optional<bool> Held(int participant) const = 0;
  // What is left when everybody is dead or gone and recovered. Empty: nothing.
  virtual std::string Leftover() const { return ""; }
};

// What all the roles need to know about a kind of held thing.
struct HeldKind {
  std::string name;
  bool peer = false;
  // False: it spins, so a waiter is never seen asleep.
  bool sleeps = true;
  // An owner's death is told to the next one.
  bool tells = true;
  // Others that hold the thing in the same way are welcome inside: readers.
  bool victim_shares = false;
  bool others_share = false;
  // The roles that fork are swept, too.
  bool forks = false;
  // Who recovers for the dead. The name says it.
  Parent parent = Parent::kThere;
  // Which role of the kind the victim has and the others have, for the table: "reader".
  std::string variant = {};
  // Builds the thing in zeroed memory for the victims (participants 0 and 1) and the others.
  // `memory` has Setting::kBytes.
  std::function<std::unique_ptr<HeldThing>(Parent parent, void* memory)> create = nullptr;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_HELD_THING_H_
