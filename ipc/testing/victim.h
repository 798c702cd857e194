#ifndef MUSTER_IPC_TESTING_VICTIM_H_
#define MUSTER_IPC_TESTING_VICTIM_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <utility>

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

  // Called with each child that it forks, which stands still.
  using OnFork = std::function<void(pid_t child)>;
  void set_on_fork(OnFork on_fork) { on_fork_ = std::move(on_fork); }
  // A child that was forked by a victim, before its first instruction. Its section begins there.
  Victim(ActorPage* page, pid_t forked);

  // Never running, unless it was released: it moves only when it is stepped.
  State state() const override;

  // Executes one instruction; a call of the kernel is one. After kBlocked: looks whether
  // that call has returned, kBlocked again if not.
  Stop Step();
  // Runs at full speed until it is about to execute the instruction at `address`, as if
  // stepped there; if it stands at that instruction already, until it comes to it again.
  Stop RunTo(std::uintptr_t address);
  // Runs at full speed until it sleeps in a system call: kBlocked; or to the end.
  Stop RunUntilBlocked();
  // Runs at full speed until it has forked, for which it is kStepped; or to the end.
  Stop RunToFork();
  // From now on it runs as others do, and comes to no mark.
  void Release();

  // Of the instruction that the next Step executes.
  std::uintptr_t address() const;
  // A system call, or one of the functions that the kernel maps into each process: they read the
  // clock again if it was advanced meanwhile, so that stepped slowly they never come to an end.
  bool is_at_call_of_kernel() const;
  // The next Step continues a call that was begun.
  bool is_in_system_call() const { return in_system_call_; }
  // Ends the wait in which it is asleep, as if the deadline had passed at last. False: it has none.
  // Others who sleep for the same word wake, too.
  bool LetTimePass() const;
  // In the call that was begun, at this moment.
  bool is_asleep() const { return in_system_call_ && Actor::state() == State::kBlocked; }

 private:
  bool is_at_system_call() const;
  bool Resume(int request);
  void TellOfFork();
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
  OnFork on_fork_;
  bool is_forked_ = false;  // by another victim, rather than by the harness
  bool is_released_ = false;
  bool stops_at_fork_ = false;
  int request_ = 0;  // of ptrace, by which it was resumed
  bool has_started_ = false;
  bool in_system_call_ = false;
  bool a_deadline_passed_ = false;
  bool deadline_passes_ = false;               // in this call
  unsigned long long displaced_deadline_ = 0;  // the victim's pointer; 0: none
  std::uintptr_t awaited_word_ = 0;            // of that wait
  bool ended_ = false;
  std::uintptr_t breakpoint_ = 0;  // 0: none
  long displaced_code_ = 0;        // the eight bytes there
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_VICTIM_H_
