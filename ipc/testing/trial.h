#ifndef MUSTER_IPC_TESTING_TRIAL_H_
#define MUSTER_IPC_TESTING_TRIAL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "muster/ipc/testing/actor.h"
#include "muster/ipc/testing/patience.h"
#include "muster/ipc/testing/victim.h"

namespace muster::ipc::testing {

// Where in a trial its victims die: how many instructions of each one's section
// are executed before.
struct KillPoint {
  static constexpr std::size_t kDimensions = 2;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  std::uint64_t steps[kDimensions] = {kNever, kNever};
  // The dead are recovered only when the others can do nothing more by themselves,
  // rather than at once. A supervisor may come at any time between.
  bool late_recovery = false;

  // Nobody dies before its section's end.
  bool is_rehearsal() const { return steps[0] == kNever && steps[1] == kNever; }
  // "the trial at 17 and 4, early recovery".
  std::string ToString() const;
};

// The instructions of one victim's section, as a trial saw them: to come to any of them
// in a later trial at full speed rather than step by step.
struct Trace {
  struct Step {
    std::uintptr_t address;
    bool in_kernel;  // a call of the kernel, or being asleep in one
  };
  std::vector<Step> steps;
};

// What one trial found.
struct Finding {
  std::vector<std::string> hangs;   // somebody waits for ever
  std::vector<std::string> leaks;   // something is held by nobody
  std::vector<std::string> faults;  // a claim was broken: two owners, a death untold or made up
  // Per dimension: instructions that were executed, and whether the section ended
  // before the kill point, so that there is no later one.
  std::uint64_t executed[KillPoint::kDimensions] = {};
  bool exhausted[KillPoint::kDimensions] = {};
  // How often it was seen asleep in a system call.
  std::uint64_t sleeps[KillPoint::kDimensions] = {};
  // It did not go the way of the trace, and so the victim may have died elsewhere.
  bool strayed = false;
  // Of the dimensions that were stepped.
  Trace traces[KillPoint::kDimensions];
};

// Shared memory and page slots for the actors, mapped once and zeroed for each trial.
class Stage {
 public:
  static constexpr std::size_t kMaxActors = 8;
  static constexpr std::size_t kMemoryBytes = 256 * 1024;

  Stage();
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  void Clear();
  void* memory() { return memory_; }
  ActorPage* page(std::size_t actor) { return &pages_[actor]; }
  // Of a child that an actor forks.
  ActorPage* child_page() { return &pages_[kMaxActors]; }

 private:
  ActorPage* pages_;
  void* memory_;
};

// One run of a scenario: its processes, the death, and what came of it. The
// harness's thread is the supervisor. When the trial is destroyed all its processes are.
// Whatever is awaited here is awaited with Patience: what does not come is a hang.
class Trial {
 public:
  // A section that is longer is taken for endless. The longest one has a fifth of that.
  static constexpr std::uint64_t kMostSteps = 50'000;

  // `traces`: of the same section in earlier trials, one for each dimension. One that is
  // empty has to be stepped. `spins`: whoever waits for the primitive spins, and is never seen
  // asleep. `is_recovered`: somebody recovers for the dead; else a victim that sleeps must find out
  // by itself, and time passes in its waits when nobody can do anything else.
  Trial(Stage* stage, const KillPoint& kill_point, const Trace* traces, bool spins = false,
        bool is_recovered = true);

  // Zeroed, shared by all, Stage::kMemoryBytes long, page-aligned.
  void* memory() { return stage_->memory(); }
  bool late_recovery() const { return kill_point_.late_recovery; }

  Actor& Start(const Actor::Body& body);
  // Returns when it stands at the beginning of its section. If it does not get there, that is a
  // hang, and the victim is dead.
  Victim& StartVictim(const Actor::Body& body);

  // Called with 0, 1, ... each time the victim blocks: lets somebody wake it. A spinner is taken
  // for blocked after every turn of some instructions.
  using OnBlock = std::function<void(int)>;
  // Steps `victim` to its kill point, or to the section's end if that comes first.
  // Each call takes the kill point of the next dimension. To be inside of a blocking
  // call is a point too.
  void Step(Victim& victim, const OnBlock& on_block = nullptr);
  // In the process of a victim, once in a trial: forks a child that runs `body`, and is no part of
  // the section, nor of what is awaited.
  void Fork(const Actor::Body& body);
  // The child. Null: nobody has forked yet.
  Victim* child() { return child_.get(); }
  // Runs `victim` to its Fork and releases it. Returns the child, before its first instruction, to
  // be stepped. Null: it does not fork, which is a fault.
  Victim* RunToFork(Victim& victim);
  // Brings it to sleep, or to spin. If it does neither, that is a fault.
  void RunUntilBlocked(Victim& victim);

  // Records a hang and returns false if the actor does not get there.
  bool Await(Actor& actor, std::uint32_t stage);
  // Until it sleeps in the primitive or has finished; or, for those that spin, has had a turn of
  // that since it arrived.
  void AwaitWaiting(Actor& actor);
  // Until it has finished, or sleeps in the primitive.
  void AwaitDeparture(Actor& actor);
  // Until nobody can do anything without help from outside.
  void AwaitIdle();
  // It must finish.
  void AwaitChild();
  // All actors that were not killed must finish; then their processes have ended.
  void AwaitAll();

  void Leak(const std::string& what) { finding_.leaks.push_back(what); }
  void Fault(const std::string& what) { finding_.faults.push_back(what); }
  // Adds the actors' faults.
  Finding TakeFinding();

 private:
  std::vector<Sight> Look() const;
  bool AreAtRest() const;
  // Records a hang and returns true if `patience` is at its end.
  bool IsEndless(Patience& patience, const std::string& who);
  // Executes at least one instruction, and at most `last` - `executed`.
  Victim::Stop Advance(Victim& victim, std::size_t dimension, std::uint64_t last);
  bool AwaitEach(const std::vector<Actor*>& actors, std::uint32_t stage);
  ActorPage* NextPage();

  Stage* stage_;
  KillPoint kill_point_;
  const Trace* traces_;
  const bool spins_;
  const bool is_recovered_;
  std::size_t next_dimension_ = 0;
  Finding finding_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::unique_ptr<Victim> child_;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_TRIAL_H_
