#include "muster/master/decide/worker_lifecycle.h"

#include <algorithm>
#include <csignal>

#include "absl/strings/str_cat.h"

namespace muster::master {
namespace {

std::optional<TimePoint> DeadlineOf(WorkerRecord& worker, TimePoint now) {
  switch (worker.state) {
    case WorkerState::kStarting:
      return now + worker.ready_timeout;
    case WorkerState::kDraining:
      return now + worker.shutdown_timeout + WorkerLifecycle::kGrace;
    case WorkerState::kStopping:
      if (worker.was_killed) return std::nullopt;
      worker.escalation = Escalation();
      return now + worker.escalation.Next();
    case WorkerState::kServing:
    case WorkerState::kBackoff:  // its caller knows how long
    case WorkerState::kGaveUp:
    case WorkerState::kGone:
      break;
  }
  return std::nullopt;
}

void Perform(WorkerRecord& worker, WorkerStep step, TimePoint now, std::vector<Action>* actions) {
  switch (step) {
    case WorkerStep::kSpawn:
      worker.started = now;
      worker.ready.reset();
      worker.was_killed = false;
      worker.complaint.clear();
      actions->push_back(SpawnAction{worker.slot, worker.generation, worker.index});
      break;
    case WorkerStep::kSendDrain:
      actions->push_back(SendAction{worker.slot, worker::Command::kDrain, 0});
      break;
    case WorkerStep::kSendQuit:
      actions->push_back(SendAction{worker.slot, worker::Command::kQuit, 0});
      break;
    case WorkerStep::kSendTerminate:
      actions->push_back(SendAction{worker.slot, worker::Command::kTerminate, 0});
      break;
    case WorkerStep::kKill:
      worker.was_killed = true;
      actions->push_back(SignalAction{worker.slot, SIGKILL});
      break;
    case WorkerStep::kRelease:
      actions->push_back(ReleaseSlotAction{worker.slot});
      break;
  }
}

}  // namespace

std::string WorkerName(std::uint64_t generation, std::uint32_t index) {
  return absl::StrCat("worker ", index, " of generation ", generation);
}

std::string WorkerRecord::Name() const {
  const std::string name = WorkerName(generation, index);
  return pid == 0 ? name : absl::StrCat(name, " (pid ", pid, ")");
}

WorkerRecord* WorkerLifecycle::Add(std::uint64_t generation, std::uint32_t index,
                                   const Settings& settings, TimePoint now,
                                   std::vector<Action>* actions) {
  std::uint32_t slot = 0;
  for (const auto& [taken, worker] : records_) {
    if (taken != slot) break;
    ++slot;
  }
  if (slot == slots_) return nullptr;
  WorkerRecord& worker = records_[slot];
  worker.slot = slot;
  worker.generation = generation;
  worker.index = index;
  worker.ready_timeout = settings.ready_timeout;
  worker.shutdown_timeout = settings.shutdown_timeout;
  worker.deadline = DeadlineOf(worker, now);
  Perform(worker, WorkerStep::kSpawn, now, actions);
  return &worker;
}

std::uint32_t WorkerLifecycle::free_slots() const {
  return slots_ - static_cast<std::uint32_t>(records_.size());
}

void WorkerLifecycle::Apply(WorkerRecord& worker, WorkerEvent event, TimePoint now,
                            std::vector<Action>* actions) {
  const Transition transition = Next(worker.state, event);
  const bool is_change = transition.state != worker.state;
  worker.state = transition.state;
  for (WorkerStep step : transition.steps) Perform(worker, step, now, actions);
  if (is_change) worker.deadline = DeadlineOf(worker, now);
  if (!HasProcess(worker.state)) worker.pid = 0;
}

void WorkerLifecycle::End(WorkerRecord& worker, WorkerEvent how, TimePoint now,
                          std::vector<Action>* actions) {
  worker.is_wanted = false;
  Apply(worker, how, now, actions);
}

void WorkerLifecycle::Insist(WorkerRecord& worker, TimePoint now, std::vector<Action>* actions) {
  const Duration delay = worker.escalation.Next();
  if (delay == Duration::zero()) {
    worker.deadline.reset();
    Perform(worker, WorkerStep::kKill, now, actions);
    return;
  }
  // By signal this time: who does not read its channel may still take a signal.
  actions->push_back(SignalAction{worker.slot, SIGTERM});
  worker.deadline = now + delay;
}

WorkerRecord* WorkerLifecycle::Find(std::uint32_t slot) {
  const auto found = records_.find(slot);
  return found == records_.end() ? nullptr : &found->second;
}

void WorkerLifecycle::Sweep() {
  std::erase_if(records_,
                [](const auto& entry) { return entry.second.state == WorkerState::kGone; });
}

bool WorkerLifecycle::has_processes() const {
  return std::any_of(records_.begin(), records_.end(),
                     [](const auto& entry) { return HasProcess(entry.second.state); });
}

std::optional<TimePoint> WorkerLifecycle::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& [slot, worker] : records_) {
    if (worker.deadline && (!next || *worker.deadline < *next)) next = worker.deadline;
  }
  return next;
}

}  // namespace muster::master
