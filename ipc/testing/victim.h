#ifndef IPC_TESTING_VICTIM_H_
#define IPC_TESTING_VICTIM_H_

#include <cstdint>

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
  // Runs at full speed until it is about to execute the instruction at `address`, as if
  // stepped there; if it stands at that instruction already, until it comes to it again.
  Stop RunTo(std::uintptr_t address);
  // Runs at full speed until it sleeps in a system call: kBlocked; or to the end. A spinner
  // never sleeps.
  Stop RunUntilBlocked();

  // Of the instruction that the next Step executes.
  std::uintptr_t address() const;
  bool is_at_system_call() const;
  // The next Step continues a call that was begun.
  bool is_in_system_call() const { return in_system_call_; }

 private:
  Stop Classify(int status);
  Stop AwaitStop();
  void SetBreakpoint(std::uintptr_t address);
  void ClearBreakpoint();

  bool in_system_call_ = false;
  bool ended_ = false;
  std::uintptr_t breakpoint_ = 0;  // 0: none
  long displaced_code_ = 0;        // the eight bytes there
};

}  // namespace muster::ipc::testing

#endif  // IPC_TESTING_VICTIM_H_
