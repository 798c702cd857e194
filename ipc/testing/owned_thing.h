#ifndef MUSTER_IPC_TESTING_OWNED_THING_H_
#define MUSTER_IPC_TESTING_OWNED_THING_H_

#include <cstddef>
#include <new>
#include <string>

#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/participants.h"

namespace muster::ipc::testing {

// What our own held things have in common: a `State` in shared memory that recovers
// from a participant's death, and the registry that knows the participants.
template <typename State>
class OwnedThing : public HeldThing {
 public:
  explicit OwnedThing(void* memory)
      : state_(new (memory) State),
        participants_(static_cast<char*>(memory) + kStateBytes, kParticipants) {
    static_assert(sizeof(State) <= kStateBytes);
  }

  void Recover(int participant) override {
    participants_.MarkDead(participant);
    state_->Recover(participants_.tag(participant));
  }
  void Free(int participant) override { participants_.Free(participant); }
  std::string Leftover() const override { return participants_.Leftover(); }

 protected:
  State* state() const { return state_; }
  const Registry& registry() const { return participants_.registry(); }
  OwnerTag tag(int participant) const { return participants_.tag(participant); }

 private:
  static constexpr std::size_t kStateBytes = 4096;

  State* state_;
  Participants participants_;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_OWNED_THING_H_
