#ifndef IPC_TESTING_VICTIM_H_
#define IPC_TESTING_VICTIM_H_

#include "absl/status/status.h"
#include "ipc/testing/actor.h"

namespace muster::ipc::testing {

// OK where victims can be stepped: x86-64 with ptrace permitted. Unimplemented or
// PermissionDenied say why not.
absl::Status CheckStepping();

// An actor that is executed one instruction at a time between two SectionMark()s
// in its body. What comes before the first runs at full speed.
class Victim : public Actor {
 public:
  enum class Stop {
    kStepped,
    kBlocked,  // sleeps in the system call that the step began
    kEnded,    // at the second mark, where it stays
    kCrashed,  // a signal of its own doing, or exit
  };

  // Returns when the victim stands at the first mark. CHECKs that it gets there.
  Victim(ActorPage* page, const Body& body);

  // Never running: it moves only when it is stepped.
  State state() const override;

  // Executes one instruction; a system call is one. After kBlocked: looks whether
  // that call has returned, kBlocked again if not.
  Stop Step();
  // Runs at full speed until it sleeps in a system call: kBlocked; or to the end. A spinner
  // never sleeps.
  Stop RunUntilBlocked();

 private:
  bool AtSystemCall() const;
  Stop Classify(int status);
  Stop AwaitSystemCall();

  bool in_system_call_ = false;
  bool ended_ = false;
};

}  // namespace muster::ipc::testing

#endif  // IPC_TESTING_VICTIM_H_
