#ifndef MUSTER_IPC_TESTING_PARTICIPANTS_H_
#define MUSTER_IPC_TESTING_PARTICIPANTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc::testing {

// A trial's registry: a slot for each participant, reserved before any of them
// is started, as a supervisor does. One object per trial, made in the harness
// and inherited by the actors' processes.
class Participants {
 public:
  static std::size_t BytesFor(int count);
  // In zeroed shared memory of BytesFor(count), 128-byte aligned.
  Participants(void* memory, int count);

  const Registry& registry() const { return registry_; }
  OwnerTag tag(int participant) const { return tags_[static_cast<std::size_t>(participant)]; }

  void MarkDead(int participant) const { registry_.MarkDead(tag(participant)); }
  void Free(int participant) const { registry_.Free(tag(participant)); }
  // Names a slot whose state is neither free nor live. Empty: there is none.
  std::string Leftover() const;

 private:
  Registry registry_;
  std::vector<OwnerTag> tags_;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_PARTICIPANTS_H_
