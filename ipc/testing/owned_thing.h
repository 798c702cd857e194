#ifndef MUSTER_IPC_TESTING_OWNED_THING_H_
#define MUSTER_IPC_TESTING_OWNED_THING_H_

#include <cstdint>
#include <memory>
#include <string>

#include "muster/ipc/lock/registry.h"
#include "muster/ipc/testing/held_thing.h"
#include "muster/ipc/testing/setting.h"

namespace muster::ipc::testing {

// What our own held things have in common: a setting, and a handle for each participant.
class OwnedThing : public HeldThing {
 public:
  // Whose handles they are. A participant's process has a second thread if they are for all of its
  // threads: the first one is stepped, the second one is parked.
  enum class Users { kOneThread, kAllThreads };

  OwnedThing(Parent parent, Users users, ObjectKind kind, std::uint32_t count, void* memory)
      : users_(users), setting_(Setting::New(parent, kind, count, memory)) {}

  void Join(int participant) final;
  void Recover(int participant) final { setting_->Recover(participant); }
  void Free(int participant) final { setting_->Free(participant); }
  // First what is left of the participants, so that all dead are recovered before the rest is
  // looked at.
  std::string Leftover() const final;

 protected:
  // Makes the participant's handle. The constructors do it once in the harness, so that no section
  // measures the length of a pause.
  virtual void Open(int participant) = 0;
  // What the object says that is not as in the beginning. Empty: nothing.
  virtual std::string Remains() const = 0;

  void* state() const { return setting_->state(); }
  const Registry& registry() const { return setting_->registry(); }
  OwnerTag tag(int participant) const { return setting_->tag(participant); }
  bool IsIn(std::uint32_t word, int participant) const { return setting_->IsIn(word, participant); }

 private:
  const Users users_;
  const std::unique_ptr<Setting> setting_;
};

// Parks a thread beside the caller, for ever. Once in a process.
void HaveASecondThread();

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_OWNED_THING_H_
