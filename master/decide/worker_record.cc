#include "muster/master/decide/worker_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/process/signal_name.h"
#include "muster/master/decide/saved_enum.h"

namespace muster::master {
namespace {

using SavedWorker = state::v1::CoreState::Worker;

// One that is gone has no record at a quiet point.
constexpr std::pair<WorkerState, SavedWorker::State> kStates[] = {
    {WorkerState::kStarting, SavedWorker::STARTING},
    {WorkerState::kReady, SavedWorker::READY},
    {WorkerState::kServing, SavedWorker::SERVING},
    {WorkerState::kDraining, SavedWorker::DRAINING},
    {WorkerState::kStopping, SavedWorker::STOPPING},
    {WorkerState::kBackoff, SavedWorker::BACKOFF},
    {WorkerState::kGaveUp, SavedWorker::GAVE_UP},
};

}  // namespace

std::string WorkerName(std::uint64_t generation, std::uint32_t index) {
  return absl::StrCat("worker ", index, " of generation ", generation);
}

std::string WorkerRecord::Name() const {
  const std::string name = WorkerName(generation, index);
  return pid == 0 ? name : absl::StrCat(name, " (pid ", pid, ")");
}

std::string WorkerRecord::HowItEndedInAWord(const ipc::ProcessExit& exit) {
  return exit.was_killed ? ipc::SignalName(exit.code) : absl::StrCat("exit ", exit.code);
}

std::string WorkerRecord::HowItEnded(const ipc::ProcessExit& exit) const {
  return absl::StrCat(exit.was_killed ? "was " : "", exit.ToString(), complaint.empty() ? "" : ": ",
                      complaint);
}

std::string WorkerRecord::Circumstances(const ExitedEvent& event) const {
  if (!event.exit.was_killed && event.exit.code == 0) return "";
  std::string text;
  if (!event.at_hand.empty()) absl::StrAppend(&text, " while ", event.at_hand);
  if (!event.last_words.empty() && complaint.empty()) {
    absl::StrAppend(&text, text.empty() ? "" : ",", " with the last words \"", event.last_words,
                    "\"");
  }
  return text;
}

std::string WorkerRecord::WhyNotReady(const ipc::ProcessExit& exit) const {
  if (ready) return absl::StrCat(Name(), " ", HowItEnded(exit), last_circumstances);
  if (!complaint.empty()) return absl::StrCat(Name(), " failed: ", complaint);
  return absl::StrCat(Name(), " ", HowItEnded(exit), " before it was ready", last_circumstances);
}

void WorkerRecord::Save(SavedWorker* saved) const {
  saved->set_slot(slot);
  saved->set_generation(generation);
  saved->set_index(index);
  saved->set_state(ToSaved(kStates, state));
  saved->set_is_wanted(is_wanted);
  saved->set_pid(pid);
  saved->set_started_ns(ToSaved(started));
  if (ready) saved->set_ready_ns(ToSaved(*ready));
  saved->set_was_killed(was_killed);
  saved->set_is_undone(is_undone);
  saved->set_is_hung(is_hung);
  saved->set_is_on_probation(is_on_probation);
  saved->set_complaint(complaint);
  saved->set_protocol(protocol);
  saved->set_has_listeners(has_listeners);
  saved->set_unacknowledged(unacknowledged);
  saved->set_reopening(reopening);
  saved->set_next_reopening(next_reopening);
  saved->set_restarts(restarts);
  saved->set_failures_in_a_row(failures_in_a_row);
  saved->set_has_served(has_served);
  saved->set_last_exit(last_exit);
  saved->set_last_end(last_end);
  saved->set_last_circumstances(last_circumstances);
  saved->set_ready_timeout_ns(ToSaved(ready_timeout));
  saved->set_shutdown_timeout_ns(ToSaved(shutdown_timeout));
  saved->set_heartbeat_timeout_ns(ToSaved(heartbeat_timeout));
  saved->set_kills_hung(kills_hung);
  if (deadline) saved->set_deadline_ns(ToSaved(*deadline));
  saved->set_starts_at_once(backoff.at_once());
  saved->set_backoff_ns(ToSaved(backoff.next()));
  saved->set_escalation_ns(ToSaved(escalation.next()));
}

WorkerRecord WorkerRecord::Restore(const SavedWorker& saved, StateReader& reader) {
  WorkerRecord worker;
  worker.slot = saved.slot();
  worker.generation = saved.generation();
  worker.index = saved.index();
  worker.state = FromSaved(kStates, saved.state());
  worker.is_wanted = saved.is_wanted();
  worker.pid = saved.pid();
  reader.Expect(HasProcess(worker.state) ? worker.pid > 0 : worker.pid == 0, "pid");
  worker.started = reader.Time("started_ns", saved.started_ns());
  if (saved.has_ready_ns()) worker.ready = reader.Time("ready_ns", saved.ready_ns());
  worker.was_killed = saved.was_killed();
  worker.is_undone = saved.is_undone();
  worker.is_hung = saved.is_hung();
  worker.is_on_probation = saved.is_on_probation();
  reader.Expect(!worker.is_on_probation || !worker.is_wanted, "is_on_probation",
                "an order about workers is under way");
  worker.complaint = saved.complaint();
  worker.protocol = saved.protocol();
  worker.has_listeners = saved.has_listeners();
  worker.unacknowledged = saved.unacknowledged();
  worker.reopening = saved.reopening();
  worker.next_reopening = saved.next_reopening();
  worker.restarts = saved.restarts();
  worker.failures_in_a_row = saved.failures_in_a_row();
  worker.has_served = saved.has_served();
  worker.last_exit = saved.last_exit();
  worker.last_end = saved.last_end();
  worker.last_circumstances = saved.last_circumstances();
  worker.ready_timeout = reader.Span("ready_timeout_ns", saved.ready_timeout_ns());
  worker.shutdown_timeout = reader.Span("shutdown_timeout_ns", saved.shutdown_timeout_ns());
  worker.heartbeat_timeout = reader.Span("heartbeat_timeout_ns", saved.heartbeat_timeout_ns());
  worker.kills_hung = saved.kills_hung();
  if (saved.has_deadline_ns()) worker.deadline = reader.Time("deadline_ns", saved.deadline_ns());
  worker.backoff =
      Backoff(saved.starts_at_once(),
              reader.Span("backoff_ns", saved.backoff_ns(), Duration::zero(), Backoff::kLongest));
  worker.escalation = Escalation(
      reader.Span("escalation_ns", saved.escalation_ns(), Escalation::kFirst, Escalation::kLast));
  return worker;
}

}  // namespace muster::master
