#include "muster/master/decide/worker_orders.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/master/decide/scaling.h"
#include "muster/master/decide/worker_lifecycle.h"
#include "muster/master/decide/worker_state.h"
#include "muster/proto/counted.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

std::string Workers(std::uint64_t count) { return config::Counted(count, "worker"); }

}  // namespace

void WorkerOrders::Begin(const WorkerOrderEvent& event, std::uint64_t serving,
                         const Settings& settings, Decision& decision) {
  if (order_) {
    Refuse(event, absl::FailedPreconditionError("another change of workers is under way"),
           decision);
    return;
  }
  order_ = Order{.event = event, .serving = serving, .settings = settings, .began = decision.now()};
  switch (event.what) {
    case What::kRestartAll:
      return BeginRestart(decision);
    case What::kRestart:
    case What::kDrain:
    case What::kQuit:
    case What::kKill:
      return BeginChange(decision);
    case What::kScale:
      return BeginScale(decision);
  }
}

void WorkerOrders::BeginRestart(Decision& decision) {
  std::set<std::uint32_t> indexes;
  for (const auto& [slot, worker] : workers_.records()) {
    if (worker.generation == order_->serving && worker.is_wanted) indexes.insert(worker.index);
  }
  order_->todo.assign(indexes.begin(), indexes.end());
  decision.Log(Severity::kInfo,
               absl::StrCat("restarting ", Workers(indexes.size()), ", one after another"));
  GoOn(decision);
}

void WorkerOrders::BeginChange(Decision& decision) {
  Order& order = *order_;
  WorkerRecord* const worker = workers_.FindIndex(order.serving, order.event.number);
  if (const absl::Status status = CheckCondition(worker); !status.ok()) {
    return Fail(status, decision);
  }
  if (worker == nullptr) {
    return Fail(
        absl::NotFoundError(absl::StrCat("generation ", order.serving,
                                         ", which serves, has no worker ", order.event.number)),
        decision);
  }
  if (order.event.what == What::kDrain && !order.settings.can_scale) {
    return Fail(absl::FailedPreconditionError(absl::StrCat(
                    "with accept: REUSEPORT nobody else accepts on the sockets of worker ",
                    worker->index, "; \"ctl scale\" starts a generation with fewer workers")),
                decision);
  }
  if (order.event.what == What::kRestart) {
    order.todo = {order.event.number};
    return GoOn(decision);
  }
  if (const absl::Status status = CheckRemoval(*worker); !status.ok()) {
    return Fail(status, decision);
  }
  decision.Log(Severity::kInfo, absl::StrCat(NameOf(order.event.what), ": ", worker->Name()));
  if (order.event.what == What::kDrain) {
    Drain(*worker, decision);
    return GoOn(decision);
  }
  const bool has_process = HasProcess(worker->state);
  if (has_process) order.ending = worker->slot;
  WorkerLifecycle(*worker, decision)
      .End(order.event.what == What::kKill ? WorkerEvent::kKill : WorkerEvent::kDrain);
  if (!has_process) StartInItsPlace(order.event.number, decision);
}

void WorkerOrders::BeginScale(Decision& decision) {
  Order& order = *order_;
  const std::uint32_t wanted = workers_.wanted(order.serving);
  const std::uint32_t number = order.event.number;
  if (number > wanted && workers_.free_slots() < number - wanted) {
    return Fail(
        absl::ResourceExhaustedError(absl::StrCat(config::Counted(workers_.free_slots(), "slot"),
                                                  " free; draining workers hold the others")),
        decision);
  }
  for (std::uint32_t count = wanted; count < number; ++count) {
    const WorkerRecord* const added =
        StartFresh(FreeIndex(order.serving, workers_), /*is_on_probation=*/true, decision);
    if (added == nullptr) return;
    order.added.push_back(added->slot);
  }
  for (std::uint32_t count = wanted; count > number; --count) {
    WorkerRecord* const surplus = FindSurplus(order.serving, workers_);
    if (surplus == nullptr) {
      order.warnings.push_back("the last worker that serves stays");
      break;
    }
    Drain(*surplus, decision);
  }
  if (number != wanted) {
    decision.Tell(Topic::kWorkersScaled, Severity::kInfo,
                  absl::StrCat("scaling from ", Workers(wanted), " to ", number), order.serving);
  }
  GoOn(decision);
}

void WorkerOrders::GoOn(Decision& decision) {
  if (!order_) return;
  if (!order_->fresh.empty() || !order_->awaited.empty() || order_->ending) return;
  if (order_->todo.empty()) return Succeed(decision);
  RestartNext(decision);
}

void WorkerOrders::RestartNext(Decision& decision) {
  Order& order = *order_;
  const std::uint32_t index = order.todo.front();
  const WorkerRecord* const old = workers_.FindIndex(order.serving, index);
  if (old == nullptr) {  // given up and taken away meanwhile
    order.todo.pop_front();
    return GoOn(decision);
  }
  order.replaced = old->slot;
  StartFresh(index, /*is_on_probation=*/true, decision);
}

WorkerRecord* WorkerOrders::StartFresh(std::uint32_t index, bool is_on_probation,
                                       Decision& decision) {
  WorkerRecord* const worker = workers_.Take(order_->serving, index, order_->settings);
  if (worker == nullptr) {
    Fail(absl::ResourceExhaustedError("no slot is free; draining workers hold the others"),
         decision);
    return nullptr;
  }
  worker->is_on_probation = is_on_probation;
  order_->fresh.insert(worker->slot);
  WorkerLifecycle(*worker, decision).Start();
  return worker;
}

void WorkerOrders::StartInItsPlace(std::uint32_t index, Decision& decision) {
  StartFresh(index, /*is_on_probation=*/false, decision);
}

void WorkerOrders::Drain(WorkerRecord& worker, Decision& decision) {
  WorkerLifecycle(worker, decision).End(WorkerEvent::kDrain);
  Await(worker, decision);
}

void WorkerOrders::Await(const WorkerRecord& worker, Decision& decision) {
  if (!HasProcess(worker.state) || worker.unacknowledged == 0) return;
  order_->awaited[worker.slot] = worker.Name();
  order_->deadline = decision.now() + order_->settings.drain_ack_timeout;
}

absl::Status WorkerOrders::CheckCondition(const WorkerRecord* worker) const {
  const WorkerCondition& condition = order_->event.condition;
  std::string other;
  if (condition.generation != 0 && condition.generation != order_->serving) {
    other = absl::StrCat("generation ", order_->serving, " serves, not ", condition.generation);
  } else if (worker != nullptr && condition.pid.has_value() && worker->pid != *condition.pid) {
    const pid_t wanted = *condition.pid;
    other =
        wanted == 0 ? absl::StrCat("worker ", worker->index, " runs, as pid ", worker->pid)
        : worker->pid == 0
            ? absl::StrCat("worker ", worker->index, " has no process, and not pid ", wanted)
            : absl::StrCat("worker ", worker->index, " is pid ", worker->pid, ", not pid ", wanted);
  }
  if (other.empty()) return absl::OkStatus();
  return config::WithErrorReason(absl::FailedPreconditionError(other), "WORKER_CHANGED");
}

absl::Status WorkerOrders::CheckRemoval(const WorkerRecord& worker) const {
  const bool is_last =
      workers_.wanted(order_->serving) <= 1 ||
      (worker.state == WorkerState::kServing && workers_.serving(order_->serving) <= 1);
  if (!is_last) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("worker ", worker.index,
                   " is the last one that serves, and is not taken away; \"ctl worker restart ",
                   worker.index, "\" replaces it"));
}

void WorkerOrders::OnServing(WorkerRecord& worker, Decision& decision) {
  if (!order_ || order_->fresh.erase(worker.slot) == 0) return;
  worker.is_on_probation = false;
  Await(worker, decision);
  if (order_->replaced) {
    WorkerRecord* const old = workers_.Find(*std::exchange(order_->replaced, std::nullopt));
    const bool is_there = old != nullptr && old->slot != worker.slot && old->is_wanted &&
                          old->generation == worker.generation && old->index == worker.index;
    if (is_there) Drain(*old, decision);
    order_->todo.pop_front();
    ++order_->restarted;
  }
  GoOn(decision);
}

bool WorkerOrders::OnAcked(const AckedEvent& event, Decision& decision) {
  if (!order_) return false;
  const auto found = order_->awaited.find(event.slot);
  if (found == order_->awaited.end()) return false;
  if (!event.error.empty()) {
    order_->warnings.push_back(absl::StrCat(found->second, ": ", event.error));
  }
  if (event.kept > 0) {
    order_->warnings.push_back(absl::StrCat(found->second, " goes on serving ",
                                            config::Counted(event.kept, "connection"),
                                            ", for which no other worker has room"));
  }
  order_->awaited.erase(found);
  GoOn(decision);
  return true;
}

void WorkerOrders::OnEnded(const WorkerRecord& worker, bool is_clean, Decision& decision) {
  if (!order_) return;
  // A worker that was told by a signal ends without an acknowledgement.
  if (order_->awaited.erase(worker.slot) > 0 && !is_clean) {
    order_->warnings.push_back(absl::StrCat(worker.Name(), " ", worker.last_exit));
  }
  if (order_->ending == worker.slot) {
    order_->ending.reset();
    return StartInItsPlace(worker.index, decision);
  }
  GoOn(decision);
}

void WorkerOrders::OnFailure(const WorkerRecord& worker, const std::string& why,
                             Decision& decision) {
  if (!order_) return;
  if (order_->awaited.erase(worker.slot) > 0) order_->warnings.push_back(why);
  if (order_->fresh.erase(worker.slot) == 0) return GoOn(decision);
  for (const std::uint32_t slot : std::exchange(order_->added, {})) {
    WorkerRecord* const other = workers_.Find(slot);
    if (other == nullptr || slot == worker.slot || !other->is_wanted) continue;
    const bool serves = other->state == WorkerState::kServing;
    if (serves && workers_.serving(order_->serving) <= 1) continue;  // the others have crashed
    WorkerLifecycle(*other, decision).End(serves ? WorkerEvent::kDrain : WorkerEvent::kStop);
  }
  Fail(absl::AbortedError(why), decision);
}

void WorkerOrders::Expire(Decision& decision) {
  const std::optional<TimePoint> deadline = next_deadline();
  if (!deadline || *deadline > decision.now()) return;
  for (const auto& [slot, name] : std::exchange(order_->awaited, {})) {
    order_->warnings.push_back(
        absl::StrCat(name, " has not acknowledged what it was told within ",
                     absl::FormatDuration(absl::FromChrono(order_->settings.drain_ack_timeout))));
  }
  GoOn(decision);
}

std::optional<TimePoint> WorkerOrders::next_deadline() const {
  if (!order_ || order_->awaited.empty()) return std::nullopt;
  return order_->deadline;
}

void WorkerOrders::Cancel(absl::string_view why, Decision& decision) {
  if (order_) Fail(absl::AbortedError(why), decision);
}

bool WorkerOrders::Leave(RequestId request, absl::string_view why, Decision& decision) {
  if (!order_ || request == 0 || order_->event.request != request) return false;
  order_->event.request = 0;
  // The one that is at hand is finished.
  while (order_->todo.size() > 1) order_->todo.pop_back();
  const bool is_restart = order_->event.what == What::kRestartAll;
  decision.Reply(request, {.status = absl::CancelledError(absl::StrCat(
                               NameOf(order_->event.what),
                               is_restart ? " stops after the worker that it is at" : " goes on",
                               ": ", why, HowFar()))});
  return true;
}

std::string WorkerOrders::HowFar() const {
  if (order_->event.what != What::kRestartAll) return "";
  return absl::StrCat("; ", Workers(order_->restarted),
                      order_->restarted == 1 ? " was restarted" : " were restarted");
}

void WorkerOrders::Succeed(Decision& decision) {
  const Order order = *std::exchange(order_, std::nullopt);
  for (const std::string& warning : order.warnings) decision.Log(Severity::kWarning, warning);
  decision.Log(Severity::kInfo, absl::StrCat(NameOf(order.event.what), " is complete"));
  decision.Reply(order.event.request, {.generation = order.serving,
                                       .took = decision.now() - order.began,
                                       .warnings = order.warnings,
                                       .restarted = order.restarted});
}

void WorkerOrders::Fail(const absl::Status& reason, Decision& decision) {
  std::string what = std::string(NameOf(order_->event.what));
  if (order_->event.what == What::kRestartAll) {
    absl::StrAppend(&what, " stopped");
    if (!order_->todo.empty()) absl::StrAppend(&what, " at worker ", order_->todo.front());
  } else {
    absl::StrAppend(&what, absl::IsAborted(reason) ? " failed" : " refused");
  }
  const absl::Status status(
      absl::IsResourceExhausted(reason) ? absl::StatusCode::kAborted : reason.code(),
      absl::StrCat(what, ": ", reason.message(), HowFar()));
  decision.Log(absl::IsAborted(status) ? Severity::kError : Severity::kWarning,
               std::string(status.message()));
  decision.Reply(order_->event.request, {.status = config::WithErrorReasonOf(status, reason)});
  order_.reset();
}

void WorkerOrders::Refuse(const WorkerOrderEvent& event, const absl::Status& reason,
                          Decision& decision) {
  const absl::Status status(reason.code(),
                            absl::StrCat(NameOf(event.what), " refused: ", reason.message()));
  decision.Log(Severity::kWarning, std::string(status.message()));
  decision.Reply(event.request, {.status = status});
}

absl::string_view WorkerOrders::NameOf(What what) {
  switch (what) {
    case What::kRestartAll:
      return "restart";
    case What::kRestart:
      return "worker restart";
    case What::kDrain:
      return "worker drain";
    case What::kQuit:
      return "worker quit";
    case What::kKill:
      return "worker kill";
    case What::kScale:
      return "scale";
  }
  return "";
}

}  // namespace muster::master
