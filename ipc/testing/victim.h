#ifndef MUSTER_IPC_TESTING_VICTIM_H_
#define MUSTER_IPC_TESTING_VICTIM_H_

#include <cstdint>

#include "absl/status/status.h"
#include "muster/ipc/testing/actor.h"
#include "muster/ipc/testing/patience.h"

struct user_regs_struct;

namespace muster::ipc::testing {

// OK where victims can be stepped: x86-64 with ptrace permitted. Unimplemented or
// PermissionDenied say why not.
absl::Status CheckStepping();

// An actor that is executed one instruction at a time between two SectionMark()s
// in its body. What comes before the first runs at full speed.
//
// Time does not pass in its waits, so that it makes the same steps on a machine of any speed. Of
// the futex waits with a deadline that are stepped the first ends at once, as if the deadline had
// passed; the others last until somebody wakes it.
class Victim : public Actor {
 public:
  enum class Stop {
    kStepped,
    kBlocked,  // sleeps in the system call that the step began
    kEnded,    // at the second mark, where it stays
    kCrashed,  // a signal of its own doing, or exit
    kLost,     // it neither stopped nor slept, for longer than it can take, and was killed
  };

  // Returns when the victim stands at the first mark, or has been killed because it did not get
  // there by itself.
  Victim(ActorPage* page, const Body& body);
  bool has_started() const { return has_started_; }

  // Never running: it moves only when it is stepped.
  State state() const override;

  // Executes one instruction; a call of the kernel is one. After kBlocked: looks whether
  // that call has returned, kBlocked again if not.
  Stop Step();
  // Runs at full speed until it is about to execute the instruction at `address`, as if
  // stepped there; if it stands at that instruction already, until it comes to it again.
  Stop RunTo(std::uintptr_t address);
  // Runs at full speed until it sleeps in a system call: kBlocked; or to the end.
  Stop RunUntilBlocked();

  // Of the instruction that the next Step executes.
  std::uintptr_t address() const;
  // A system call, or one of the functions that the kernel maps into each process: they read the
  // clock again if it was advanced meanwhile, so that stepped slowly they never come to an end.
  bool is_at_call_of_kernel() const;
  // The next Step continues a call that was begun.
  bool is_in_system_call() const { return in_system_call_; }
  // In the call that was begun, at this moment.
  bool is_asleep() const { return in_system_call_ && Actor::state() == State::kBlocked; }

 private:
  bool is_at_system_call() const;
  bool Resume(int request);
  Stop Classify(int status);
  Stop AwaitStop(Patience& patience);
  // Kills it and returns true if it has run for too long.
  bool GiveUp(Patience& patience, bool is_still = false);
  // Of the futex wait with a deadline that is about to begin; no other call is changed.
  void ReplaceDeadline(const user_regs_struct& registers, unsigned long long call,
                       const timespec* deadline);
  void RestoreDeadline();
  void SetBreakpoint(std::uintptr_t address);
  void ClearBreakpoint();

  mutable std::uintptr_t address_ = 0;  // 0: it has moved since
  bool has_started_ = false;
  bool in_system_call_ = false;
  bool a_deadline_passed_ = false;
  bool deadline_passes_ = false;               // in this call
  unsigned long long displaced_deadline_ = 0;  // the victim's pointer; 0: none
  bool ended_ = false;
  std::uintptr_t breakpoint_ = 0;  // 0: none
  long displaced_code_ = 0;        // the eight bytes there
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_VICTIM_H_
