#include "muster/ipc/testing/trial.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"

namespace muster::ipc::testing {
namespace {

using std::chrono::nanoseconds;
using Clock = Patience::Clock;

// A sleeper may be woken and go to sleep again within one system call.
constexpr int kMostBlocks = 3;
// A sleeper that finds nothing at so many looks would find nothing at more.
constexpr int kMostLooks = 10;
// A spinner that had so much of a processor, or executed so many instructions, has looked at the
// lock many times.
constexpr nanoseconds kSpinnerTurn = std::chrono::microseconds(50);
constexpr std::uint64_t kSpinnerSteps = 60;

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
  const char* recovery = late_recovery ? "late recovery" : "early recovery";
  if (is_rehearsal()) return absl::StrCat("the rehearsal, ", recovery);
  std::string text = absl::StrCat("the trial at ", steps[0]);
  if (steps[1] != kNever) absl::StrAppend(&text, " and ", steps[1]);
  return absl::StrCat(text, ", ", recovery);
}

Stage::Stage()
    : pages_(static_cast<ActorPage*>(MapShared((kMaxActors + 1) * sizeof(ActorPage)))),
      memory_(MapShared(kMemoryBytes)) {}

Stage::~Stage() {
  ::munmap(pages_, (kMaxActors + 1) * sizeof(ActorPage));
  ::munmap(memory_, kMemoryBytes);
}

void Stage::Clear() {
  std::memset(static_cast<void*>(pages_), 0, (kMaxActors + 1) * sizeof(ActorPage));
  std::memset(memory_, 0, kMemoryBytes);
}

Trial::Trial(Stage* stage, const KillPoint& kill_point, const Trace* traces, bool spins,
             bool is_recovered)
    : stage_(stage),
      kill_point_(kill_point),
      traces_(traces),
      spins_(spins),
      is_recovered_(is_recovered) {
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
  started.set_on_fork([this](pid_t child) {
    child_ = std::make_unique<Victim>(stage_->child_page(), child);
    child_->Release();
  });
  actors_.push_back(std::move(victim));
  if (!started.has_started()) {
    finding_.hangs.push_back("the start of the victim: it does not come to its section");
  }
  return started;
}

Victim::Stop Trial::Advance(Victim& victim, std::size_t dimension, std::uint64_t last) {
  std::uint64_t& executed = finding_.executed[dimension];
  const std::vector<Trace::Step>& steps = traces_[dimension].steps;
  if (steps.empty()) {
    const Trace::Step step = {victim.address(),
                              victim.is_in_system_call() || victim.is_at_call_of_kernel()};
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

void Trial::Step(Victim& victim, const OnBlock& on_block) {
  MUSTER_CHECK(next_dimension_ < KillPoint::kDimensions, "a trial has too many victims");
  const std::size_t dimension = next_dimension_++;
  const std::uint64_t last = kill_point_.steps[dimension];
  std::uint64_t& executed = finding_.executed[dimension];
  int blocks = 0;
  int looks = 0;
  bool was_blocked = false;
  Patience patience;
  while (executed < last) {
    if (executed >= kMostSteps) {
      finding_.hangs.push_back(
          absl::StrCat("the victim comes to no end in ", kMostSteps, " instructions"));
      return;
    }
    const std::uint64_t end_of_turn =
        spins_ ? (executed / kSpinnerSteps + 1) * kSpinnerSteps : kMostSteps;
    switch (Advance(victim, dimension, std::min(last, end_of_turn))) {
      case Victim::Stop::kStepped:
        was_blocked = false;
        if (spins_ && executed == end_of_turn && executed < last && on_block) on_block(blocks++);
        break;
      case Victim::Stop::kBlocked:
        if (!was_blocked) {
          was_blocked = true;
          patience = Patience();
          ++finding_.sleeps[dimension];
          // Asleep is a point of its own.
          ++executed;
          if (executed < last && on_block) on_block(blocks++);
        } else if (on_block && blocks < kMostBlocks && AreAtRest() && victim.is_asleep()) {
          on_block(blocks++);
          patience = Patience();
        } else if (!is_recovered_ && looks < kMostLooks && AreAtRest() && victim.is_asleep() &&
                   victim.LetTimePass()) {
          ++looks;
          patience = Patience();
        } else if (IsEndless(patience, "the victim itself")) {
          finding_.exhausted[dimension] = true;
          return;
        }
        patience.Nap();
        break;
      case Victim::Stop::kLost:
        // In full flight it may have taken another way than the trace.
        if (!finding_.strayed) finding_.hangs.push_back("the victim is lost in a system call");
        finding_.exhausted[dimension] = true;
        return;
      case Victim::Stop::kCrashed:
        Fault("the victim crashed");
        [[fallthrough]];
      case Victim::Stop::kEnded:
        finding_.exhausted[dimension] = true;
        return;
    }
  }
}

void Trial::Fork(const Actor::Body& body) {
  const pid_t child = ::fork();
  MUSTER_CHECK(child >= 0, "fork");
  if (child == 0) PlayPart(body, stage_->child_page());
}

Victim* Trial::RunToFork(Victim& victim) {
  victim.set_on_fork(
      [this](pid_t child) { child_ = std::make_unique<Victim>(stage_->child_page(), child); });
  if (victim.RunToFork() != Victim::Stop::kStepped) {
    Fault("the victim does not fork");
    return nullptr;
  }
  victim.Release();
  return child();
}

void Trial::RunUntilBlocked(Victim& victim) {
  if (!spins_) {
    if (victim.RunUntilBlocked() != Victim::Stop::kBlocked) Fault("the victim does not sleep");
    return;
  }
  for (std::uint64_t i = 0; i < kSpinnerSteps; ++i) {
    if (victim.Step() != Victim::Stop::kStepped) return Fault("the victim does not spin");
  }
}

std::vector<Sight> Trial::Look() const {
  std::vector<Sight> sights;
  for (const auto& actor : actors_) {
    const bool is_still = actor->state() != Actor::State::kRunning;
    sights.push_back({is_still, actor->CpuTime()});
  }
  if (child_ != nullptr) {
    const bool is_still = child_->state() != Actor::State::kRunning;
    sights.push_back({is_still, child_->CpuTime()});
  }
  return sights;
}

// Two looks, since one sees each of them at another moment: who slept at its own may have been
// woken by another one that ran until his.
bool Trial::AreAtRest() const {
  const std::vector<Sight> before = Look();
  const std::vector<Sight> after = Look();
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (!before[i].is_still || !after[i].is_still) return false;
    if (before[i].cpu_time != after[i].cpu_time) return false;
  }
  return true;
}

bool Trial::IsEndless(Patience& patience, const std::string& who) {
  const char* what = nullptr;
  switch (patience.Note(Clock::now(), Look())) {
    case Patience::Verdict::kWaitOn:
      return false;
    case Patience::Verdict::kAsleep:
      what = " sleeps for ever";
      break;
    case Patience::Verdict::kSpinning:
      what = " spins for ever, or waits for one that does";
      break;
    case Patience::Verdict::kRestless:
      what = " comes to no end";
      break;
  }
  finding_.hangs.push_back(who + what);
  return true;
}

bool Trial::AwaitEach(const std::vector<Actor*>& actors, std::uint32_t stage) {
  Patience patience;
  for (;;) {
    const auto late = std::find_if(actors.begin(), actors.end(),
                                   [&](Actor* actor) { return !actor->HasReached(stage); });
    if (late == actors.end()) return true;
    (*late)->Nap();
    if ((*late)->state() == Actor::State::kDead) {
      Fault("a survivor ended early");
      return false;
    }
    // Others may have to act first: it is a hang when all of them are at their end.
    if (IsEndless(patience, "a survivor")) return false;
  }
}

bool Trial::Await(Actor& actor, std::uint32_t stage) { return AwaitEach({&actor}, stage); }

void Trial::AwaitWaiting(Actor& actor) {
  Patience patience;
  std::optional<nanoseconds> begin;
  while (actor.state() == Actor::State::kRunning) {
    if (spins_ && actor.HasReached(kArrived)) {
      const nanoseconds now = actor.CpuTime();
      if (now - begin.value_or(now) >= kSpinnerTurn) return;
      if (!begin.has_value()) begin = now;
    }
    if (IsEndless(patience, "somebody who should go to sleep")) return;
    patience.Nap();
  }
}

void Trial::AwaitDeparture(Actor& actor) {
  // It may be parked still, if it has not seen the permission yet.
  Patience patience;
  while (actor.state() == Actor::State::kParked) {
    if (IsEndless(patience, "somebody who was permitted to leave")) return;
    patience.Nap();
  }
  AwaitWaiting(actor);
}

void Trial::AwaitIdle() {
  for (const auto& actor : actors_) AwaitWaiting(*actor);
  if (spins_) return;
  Patience patience;
  while (!AreAtRest()) {
    if (IsEndless(patience, "somebody")) return;
    patience.Nap();
  }
}

void Trial::AwaitAll() {
  std::vector<Actor*> survivors;
  for (const auto& actor : actors_) {
    if (!actor->was_killed()) survivors.push_back(actor.get());
  }
  if (!AwaitEach(survivors, kFinished)) return;
  for (const Actor* survivor : survivors) survivor->AwaitEnd();
}

void Trial::AwaitChild() {
  if (Await(*child_, kFinished)) child_->AwaitEnd();
}

Finding Trial::TakeFinding() {
  for (const auto& actor : actors_) {
    if (actor->fault() != nullptr) Fault(actor->fault());
  }
  if (child_ != nullptr && child_->fault() != nullptr) Fault(child_->fault());
  return std::move(finding_);
}

}  // namespace muster::ipc::testing
