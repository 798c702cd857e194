#include "muster/tests/chaos/plan.h"

#include <iterator>

namespace muster::tests::chaos {
namespace {

using Kind = Action::Kind;

constexpr int kStepsToRest = 7;
constexpr int kMostWorkers = 5;
constexpr int kMostStopped = 2;
constexpr int kMostClients = 60;

// How often each kind happens, of the sum of all.
struct Weight {
  Kind kind;
  int weight;
};
constexpr Weight kWeights[] = {
    {Kind::kReload, 30},       {Kind::kRefusedReload, 14},
    {Kind::kTwoReloads, 4},    {Kind::kReloadWithFewDescriptors, 4},
    {Kind::kReloadsInARow, 5}, {Kind::kFillChannel, 4},
    {Kind::kKill, 14},         {Kind::kStop, 9},
    {Kind::kContinue, 8},      {Kind::kFewDescriptors, 5},
    {Kind::kFillLogs, 5},      {Kind::kReadLogs, 4},
    {Kind::kMoreWorkers, 7},   {Kind::kFewerWorkers, 7},
    {Kind::kPause, 5},         {Kind::kResume, 30},
    {Kind::kReopen, 3},        {Kind::kReopenBySignal, 3},
    {Kind::kConnect, 5},       {Kind::kDisconnect, 4},
    {Kind::kScaleTo, 6},       {Kind::kRestart, 7},
    {Kind::kRollback, 8},      {Kind::kWorkerOrder, 14},
    {Kind::kTrial, 6},         {Kind::kUpgrade, 10},
    {Kind::kUndo, 25},         {Kind::kCommit, 15},
};

constexpr int SumOfWeights() {
  int sum = 0;
  for (const Weight& weight : kWeights) sum += weight.weight;
  return sum;
}

}  // namespace

Plan::Plan(std::uint64_t seed) : state_(seed), clients_(kFirstClients) {
  first_ = AnySettings();
  first_.connections = 4096;
  workers_ = first_.workers;
  can_scale_ = first_.accept != Settings::Accept::kReuseport;
}

// SplitMix64.
std::uint64_t Plan::Any() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

Action Plan::Next() {
  ++step_;
  Action action;
  if (step_ % kStepsToRest != 0) {
    do {
      action = AnyAction();
    } while (!IsPossible(action));
  }
  Note(action);
  return action;
}

Settings Plan::AnySettings() {
  Settings settings;
  settings.workers = 1 + Any(kMostWorkers);
  settings.accept = static_cast<Settings::Accept>(Any(3));
  settings.connections = Any(4) == 0 ? 8 + Any(24) : 4096;
  settings.generations = Any(4) == 0 ? 2 : 4;
  settings.log = static_cast<Settings::Log>(Any(3));
  settings.access_log = static_cast<Settings::AccessLog>(Any(3));
  return settings;
}

Action Plan::AnyAction() {
  int at = Any(SumOfWeights());
  const Weight* weight = kWeights;
  while (at >= weight->weight) at -= (weight++)->weight;
  switch (weight->kind) {
    case Kind::kReload:
      return AReload();
    case Kind::kRefusedReload:
      return ARefusedReload();
    case Kind::kTwoReloads:
      return {.kind = weight->kind, .settings = AnySettings()};
    case Kind::kReloadWithFewDescriptors:
      return {.kind = weight->kind, .amount = 2 + Any(30), .settings = AnySettings()};
    case Kind::kReloadsInARow:
      return InARow();
    case Kind::kFillChannel:
      return {.kind = weight->kind, .worker = Any(16), .amount = Any(2), .settings = AnySettings()};
    case Kind::kFewDescriptors:
      return {.kind = weight->kind, .worker = Any(16), .amount = Any(12)};
    case Kind::kScaleTo:
      return {.kind = weight->kind, .amount = 1 + Any(kMostWorkers)};
    case Kind::kRollback:
      return {.kind = weight->kind, .amount = 1 + Any(3)};
    case Kind::kWorkerOrder:
      return {.kind = weight->kind, .worker = Any(16), .order = static_cast<Action::Order>(Any(4))};
    case Kind::kTrial:
      return {.kind = weight->kind, .settings = AnySettings(), .passes = Any(3) == 0};
    case Kind::kUpgrade:
      return {.kind = weight->kind, .amount = Any(2)};
    case Kind::kConnect:
    case Kind::kDisconnect:
      return {.kind = weight->kind, .amount = 1 + Any(12)};
    default:
      return {.kind = weight->kind, .worker = Any(16)};
  }
}

Action Plan::AReload() {
  Action action = {.kind = Kind::kReload, .worker = Any(16), .settings = AnySettings()};
  const int what = Any(10);
  if (what < 2) action.meanwhile = Action::Meanwhile::kKill;
  if (what == 2) action.meanwhile = Action::Meanwhile::kStop;
  if (what == 3) action.meanwhile = Action::Meanwhile::kStopUntilAnswer;
  action.delay = std::chrono::milliseconds(Any(25));
  return action;
}

Action Plan::InARow() {
  Action action = {.kind = Kind::kReloadsInARow, .amount = 2 + Any(2), .settings = AnySettings()};
  action.settings.connections = 4096;
  action.settings.generations = 2;
  return action;
}

Action Plan::ARefusedReload() {
  constexpr Mistake kMistakes[] = {
      Mistake::kSyntax,        Mistake::kUnknownField, Mistake::kAddressInUse,
      Mistake::kAddressInUse,  Mistake::kNoProgram,    Mistake::kWorkersExit,
      Mistake::kWorkersExit,   Mistake::kWorkersHang,  Mistake::kWorkersHang,
      Mistake::kOneWorkerOnly, Mistake::kOthersHang,   Mistake::kOthersHang,
      Mistake::kDescribeHangs};
  return {.kind = Kind::kRefusedReload,
          .settings = AnySettings(),
          .mistake = kMistakes[Any(std::size(kMistakes))]};
}

// Crashes count in the trial of an upgrade, which would be undone by itself.
bool Plan::Crashes(const Action& action) {
  return action.kind == Kind::kKill || action.kind == Kind::kTrial ||
         action.kind == Kind::kReloadWithFewDescriptors ||
         (action.kind == Kind::kReload && action.meanwhile == Action::Meanwhile::kKill);
}

bool Plan::IsPossible(const Action& action) const {
  if (is_upgraded_ && Crashes(action)) return false;
  switch (action.kind) {
    case Kind::kReload:
      return action.meanwhile == Action::Meanwhile::kNothing || !is_paused_;
    case Kind::kKill:
    case Kind::kFillChannel:
    case Kind::kFewDescriptors:
      return !is_paused_;
    case Kind::kStop:
      return !is_paused_ && stopped_ < kMostStopped;
    case Kind::kContinue:
      return stopped_ > 0;
    case Kind::kFillLogs:
      return !are_logs_full_;
    case Kind::kReadLogs:
      return are_logs_full_;
    case Kind::kMoreWorkers:
      return !is_paused_ && can_scale_ && workers_ < kMostWorkers;
    case Kind::kFewerWorkers:
      return !is_paused_ && can_scale_ && workers_ > 1 && stopped_ == 0;
    case Kind::kScaleTo:
    case Kind::kRestart:
    case Kind::kWorkerOrder:
    case Kind::kTrial:
      return !is_paused_ && stopped_ == 0;
    case Kind::kUpgrade:
      return !is_paused_ && stopped_ == 0 && !is_upgraded_;
    case Kind::kUndo:
      return !is_paused_ && stopped_ == 0 && is_upgraded_;
    case Kind::kCommit:
      return is_upgraded_;
    case Kind::kRollback:
      return !is_paused_ && !is_upgraded_;
    case Kind::kPause:
      return !is_paused_;
    case Kind::kResume:
      return is_paused_;
    case Kind::kConnect:
      return clients_ + action.amount <= kMostClients;
    case Kind::kDisconnect:
      return clients_ - action.amount >= kFirstClients / 2;
    default:
      return true;
  }
}

void Plan::Note(const Action& action) {
  switch (action.kind) {
    case Kind::kReload:
    case Kind::kTwoReloads:
    case Kind::kReloadsInARow:
    case Kind::kReloadWithFewDescriptors:
      // If it is undone for what happens meanwhile, the run knows how many there are.
      workers_ = action.settings.workers;
      can_scale_ = action.settings.accept != Settings::Accept::kReuseport &&
                   action.kind != Kind::kReloadWithFewDescriptors &&
                   action.meanwhile == Action::Meanwhile::kNothing;
      is_paused_ = is_paused_ && action.kind == Kind::kReloadWithFewDescriptors;
      if (action.meanwhile == Action::Meanwhile::kStop) ++stopped_;
      break;
    case Kind::kFillChannel:
      if (action.amount == 0) break;
      workers_ = action.settings.workers;
      can_scale_ = action.settings.accept != Settings::Accept::kReuseport;
      break;
    case Kind::kStop:
      ++stopped_;
      break;
    case Kind::kContinue:
      stopped_ = 0;
      break;
    case Kind::kFillLogs:
      are_logs_full_ = true;
      break;
    case Kind::kReadLogs:
      are_logs_full_ = false;
      break;
    case Kind::kMoreWorkers:
      ++workers_;
      break;
    case Kind::kFewerWorkers:
      --workers_;
      break;
    case Kind::kScaleTo:
      workers_ = action.amount;
      break;
    case Kind::kUpgrade:
      is_upgraded_ = true;
      break;
    case Kind::kCommit:
      is_upgraded_ = false;
      break;
    case Kind::kUndo:
      is_upgraded_ = false;
      can_scale_ = false;
      break;
    case Kind::kRollback:
    case Kind::kTrial:
    case Kind::kWorkerOrder:
      // The run knows what serves then, and how many workers.
      can_scale_ = false;
      break;
    case Kind::kPause:
      is_paused_ = true;
      break;
    case Kind::kResume:
      is_paused_ = false;
      break;
    case Kind::kConnect:
      clients_ += action.amount;
      break;
    case Kind::kDisconnect:
      clients_ -= action.amount;
      break;
    case Kind::kRest:
      is_upgraded_ = false;
      stopped_ = 0;
      is_paused_ = false;
      are_logs_full_ = false;
      break;
    default:
      break;
  }
}

}  // namespace muster::tests::chaos
