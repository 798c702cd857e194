#ifndef MUSTER_IPC_TESTING_SETTING_H_
#define MUSTER_IPC_TESTING_SETTING_H_

#include <cstdint>
#include <memory>
#include <string>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/zone/object_kind.h"

namespace muster::ipc::testing {

// Who recovers for the dead.
enum class Parent {
  kThere,  // a supervisor, which has reserved a slot for each participant
  // Nobody: participants claim their slots, and the first one that waits for something of a dead
  // one, or needs its slot, finds the death.
  kNone,
};

// The table's word for it, to be appended to the name of a primitive.
inline std::string NameOf(Parent parent) { return parent == Parent::kThere ? "" : ", no parent"; }

// What a trial plays in: an object in shared memory, and its participants, who are numbered from 0.
// Made in the harness, and inherited by the actors' processes.
class Setting {
 public:
  static constexpr int kParticipants = 8;
  // Generations have two bits without a parent.
  static constexpr int kTurnsUntilAllComeRound = kParticipants * 4;

  // In `memory`, zeroed and shared, aligned to 128 bytes, of kBytes. `count`: as of StateBytes.
  static constexpr std::size_t kBytes = 16 * 1024;
  static std::unique_ptr<Setting> New(Parent parent, ObjectKind kind, std::uint32_t count,
                                      void* memory);
  virtual ~Setting() = default;

  // In the participant's process, before it uses the object. Without a parent it may be called
  // again, for another slot: the participant leaves first.
  virtual void Join(int participant) = 0;
  virtual const Registry& registry() const = 0;
  // Nobody's: it has not joined. That of the last one is the harness's, which has left.
  virtual OwnerTag tag(int participant) const = 0;
  // That the participant's tag is in `word`.
  bool IsIn(std::uint32_t word, int participant) const {
    return tag(participant) != OwnerTag() && OwnerTag::InWord(word) == tag(participant);
  }
  virtual void* state() const = 0;

  // In the supervisor, when the participant is dead. May be called again. Without a parent nothing.
  virtual void Recover(int participant) = 0;
  // When all recoveries of the participant are over.
  virtual void Free(int participant) = 0;
  // What is left when everybody is dead or gone, and whoever needs a slot has come. Empty: nothing.
  virtual std::string Leftover() const = 0;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_SETTING_H_
