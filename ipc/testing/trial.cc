#include "ipc/testing/trial.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ipc/check.h"

namespace muster::ipc::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

// Who sleeps or spins for so long without progress of anybody waits for ever.
constexpr nanoseconds kPatience = milliseconds(150);
// A longer gap between two looks was the harness's own absence; it proves nothing.
constexpr nanoseconds kLongestLook = milliseconds(2);
// A sleeper whom nobody woke for so long may have been woken and gone to sleep again
// within one system call.
constexpr nanoseconds kSecondSleep = milliseconds(2);
constexpr int kMostBlocks = 3;
// A spinner that had so much of a processor has looked at the lock many times.
constexpr nanoseconds kSpinnerTurn = std::chrono::microseconds(50);

// Adds up the time for which nothing moved.
class IdleTime {
 public:
  // Returns true when patience is at its end.
  bool Note(bool idle) {
    const Clock::time_point now = Clock::now();
    const nanoseconds look = std::min<nanoseconds>(now - last_look_, kLongestLook);
    last_look_ = now;
    idle_ = idle ? idle_ + look : nanoseconds(0);
    return idle_ >= kPatience;
  }
  nanoseconds time() const { return idle_; }

 private:
  Clock::time_point last_look_ = Clock::now();
  nanoseconds idle_{0};
};

nanoseconds CpuTimeOf(const std::vector<Actor*>& actors) {
  nanoseconds sum{0};
  for (const Actor* actor : actors) sum += actor->CpuTime();
  return sum;
}

// The last step after `from` and up to `goal` whose instruction comes only once there, and
// so is reached with one breakpoint, however many loops are before. `from`: there is none.
std::uint64_t FindWaypoint(const std::vector<Trace::Step>& steps, std::uint64_t from,
                           std::uint64_t goal) {
  std::unordered_map<std::uintptr_t, int> visits;
  for (std::uint64_t i = from + 1; i <= goal; ++i) ++visits[steps[i].address];
  std::uint64_t waypoint = goal;
  while (waypoint > from && visits[steps[waypoint].address] != 1) --waypoint;
  return waypoint;
}

void* MapShared(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  MUSTER_CHECK(memory != MAP_FAILED, "mmap");
  return memory;
}

}  // namespace

std::string KillPoint::ToString() const {
  std::string text = late_recovery ? "late" : "early";
  for (const std::uint64_t count : steps) {
    if (count != kNever) absl::StrAppend(&text, " ", count);
  }
  return text;
}

Stage::Stage()
    : pages_(static_cast<ActorPage*>(MapShared(kMaxActors * sizeof(ActorPage)))),
      memory_(MapShared(kMemoryBytes)) {}

Stage::~Stage() {
  ::munmap(pages_, kMaxActors * sizeof(ActorPage));
  ::munmap(memory_, kMemoryBytes);
}

void Stage::Clear() {
  std::memset(static_cast<void*>(pages_), 0, kMaxActors * sizeof(ActorPage));
  std::memset(memory_, 0, kMemoryBytes);
}

Trial::Trial(Stage* stage, const KillPoint& kill_point, const Trace* traces)
    : stage_(stage), kill_point_(kill_point), traces_(traces) {
  stage_->Clear();
}

ActorPage* Trial::NextPage() {
  MUSTER_CHECK(actors_.size() < Stage::kMaxActors, "a trial has too many actors");
  return stage_->page(actors_.size());
}

Actor& Trial::Start(const Actor::Body& body) {
  actors_.push_back(std::make_unique<Actor>(NextPage(), body));
  return *actors_.back();
}

Victim& Trial::StartVictim(const Actor::Body& body) {
  auto victim = std::make_unique<Victim>(NextPage(), body);
  Victim& started = *victim;
  actors_.push_back(std::move(victim));
  return started;
}

Victim::Stop Trial::Advance(Victim& victim, std::size_t dimension, std::uint64_t last) {
  std::uint64_t& executed = finding_.executed[dimension];
  const std::vector<Trace::Step>& steps = traces_[dimension].steps;
  if (steps.empty()) {
    const Trace::Step step = {victim.address(),
                              victim.is_in_system_call() || victim.is_at_system_call()};
    const bool was_asleep = victim.is_in_system_call();
    const Victim::Stop stop = victim.Step();
    executed += stop == Victim::Stop::kStepped;
    // To fall asleep is a step too.
    if (stop == Victim::Stop::kStepped || (stop == Victim::Stop::kBlocked && !was_asleep)) {
      finding_.traces[dimension].steps.push_back(step);
    }
    return stop;
  }
  // The kernel's steps are taken one by one, to see where the victim sleeps.
  std::uint64_t goal = executed;
  while (goal < last && goal < steps.size() && !steps[goal].in_kernel) ++goal;
  if (goal == executed || goal >= steps.size() || victim.is_in_system_call()) {
    const Victim::Stop stop = victim.Step();
    executed += stop == Victim::Stop::kStepped;
    return stop;
  }
  Victim::Stop stop = Victim::Stop::kStepped;
  const std::uint64_t waypoint = FindWaypoint(steps, executed, goal);
  if (waypoint != executed) stop = victim.RunTo(steps[waypoint].address);
  // The same instruction may come several times before, in a loop.
  const std::uintptr_t address = steps[goal].address;
  for (std::uint64_t i = waypoint + 1; i <= goal && stop == Victim::Stop::kStepped; ++i) {
    if (steps[i].address == address) stop = victim.RunTo(address);
  }
  if (stop == Victim::Stop::kStepped) {
    executed = goal;
  } else {
    finding_.strayed = true;
  }
  return stop;
}

void Trial::Step(Victim& victim, const OnBlock& on_block, int spin_steps) {
  MUSTER_CHECK(next_dimension_ < KillPoint::kDimensions, "a trial has too many victims");
  const std::size_t dimension = next_dimension_++;
  const std::uint64_t last = kill_point_.steps[dimension];
  std::uint64_t& executed = finding_.executed[dimension];
  const std::uint64_t turn =
      spin_steps != 0 ? static_cast<std::uint64_t>(spin_steps) : KillPoint::kNever;
  int blocks = 0;
  bool was_blocked = false;
  IdleTime idle;
  while (executed < last) {
    const std::uint64_t end_of_turn =
        turn == KillPoint::kNever ? last : executed / turn * turn + turn;
    switch (Advance(victim, dimension, std::min(last, end_of_turn))) {
      case Victim::Stop::kStepped:
        was_blocked = false;
        if (executed == end_of_turn && executed < last && on_block) on_block(blocks++);
        break;
      case Victim::Stop::kBlocked:
        if (!was_blocked) {
          was_blocked = true;
          idle = IdleTime();
          // Asleep is a point of its own.
          ++executed;
          if (executed < last && on_block) on_block(blocks++);
        } else if (on_block && idle.time() > kSecondSleep && blocks < kMostBlocks) {
          on_block(blocks++);
          idle = IdleTime();
        } else if (idle.Note(AllStill())) {
          finding_.hangs.push_back("the victim itself sleeps for ever");
          finding_.exhausted[dimension] = true;
          return;
        }
        ::sched_yield();
        break;
      case Victim::Stop::kCrashed:
        Fault("the victim crashed");
        [[fallthrough]];
      case Victim::Stop::kEnded:
        finding_.exhausted[dimension] = true;
        return;
    }
  }
}

void Trial::RunUntilBlocked(Victim& victim, int spin_steps) {
  Victim::Stop stop = Victim::Stop::kStepped;
  if (spin_steps == 0) {
    stop = victim.RunUntilBlocked();
  } else {
    for (int i = 0; i < spin_steps && stop == Victim::Stop::kStepped; ++i) stop = victim.Step();
  }
  if (stop == Victim::Stop::kCrashed) Fault("the victim crashed");
}

bool Trial::AllStill() const {
  return std::all_of(actors_.begin(), actors_.end(),
                     [](const auto& actor) { return actor->state() != Actor::State::kRunning; });
}

bool Trial::AwaitEach(const std::vector<Actor*>& actors, std::uint32_t stage) {
  IdleTime idle;
  const nanoseconds cpu_limit = CpuTimeOf(actors) + kPatience * actors.size();
  for (;;) {
    const auto late = std::find_if(actors.begin(), actors.end(),
                                   [&](Actor* actor) { return !actor->HasReached(stage); });
    if (late == actors.end()) return true;
    (*late)->Nap();
    // Others may have to act first: nobody at all may be running.
    const bool sleeps_for_ever = idle.Note(AllStill());
    if (sleeps_for_ever || CpuTimeOf(actors) >= cpu_limit) {
      finding_.hangs.push_back(sleeps_for_ever ? "a survivor sleeps for ever"
                                               : "a survivor spins for ever");
      return false;
    }
  }
}

bool Trial::Await(Actor& actor, std::uint32_t stage) { return AwaitEach({&actor}, stage); }

void Trial::AwaitWaiting(Actor& actor) {
  const nanoseconds begin = actor.CpuTime();
  while (actor.state() == Actor::State::kRunning && actor.CpuTime() - begin < kSpinnerTurn) {
    ::sched_yield();
  }
}

void Trial::AwaitDeparture(Actor& actor) {
  // It may be parked still, if it has not seen the permission yet.
  do {
    AwaitWaiting(actor);
  } while (actor.state() == Actor::State::kParked);
}

void Trial::AwaitIdle() {
  for (const auto& actor : actors_) AwaitWaiting(*actor);
}

void Trial::AwaitAll() {
  std::vector<Actor*> survivors;
  for (const auto& actor : actors_) {
    if (actor->state() != Actor::State::kDead) survivors.push_back(actor.get());
  }
  AwaitEach(survivors, kFinished);
}

Finding Trial::TakeFinding() {
  for (const auto& actor : actors_) {
    if (actor->fault() != nullptr) Fault(actor->fault());
  }
  return std::move(finding_);
}

}  // namespace muster::ipc::testing
