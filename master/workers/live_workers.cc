#include "muster/master/workers/live_workers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/orphans/orphans.h"
#include "muster/master/workers/first_messages.h"
#include "muster/master/workers/worker_pulse.h"
#include "muster/proto/field_error.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/slot_recovery.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::master {
namespace {

// That a worker may say it had when it ended: more than any can have is a lie.
constexpr std::uint64_t kMostConnections = 1 << 21;

}  // namespace

LiveWorkers::LiveWorkers(loop::EventLoop& loop, Log& log, const worker::SharedZone& zone,
                         std::shared_ptr<const HandoffEnds> handoff, SupervisedWorker::Sink sink)
    : loop_(loop), log_(log), zone_(zone), partners_(std::move(handoff)), sink_(std::move(sink)) {}

void LiveWorkers::BeginList(const std::string& pid_file) {
  const std::string path = WorkerList::PathFor(pid_file);
  absl::StatusOr<WorkerList> list = WorkerList::Create(path, StillRunning(WorkerList::Read(path)));
  Warn(list.status());
  if (list.ok()) list_.emplace(*std::move(list));
}

absl::StatusOr<pid_t> LiveWorkers::Start(const SpawnAction& action, const Deployment& deployment) {
  MUSTER_ASSIGN_OR_RETURN(const std::shared_ptr<const HandoffEnds> handoff,
                          partners_.QueueOf(action.generation, deployment.launch,
                                            deployment.config.hand_off_between_users()));
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag tag, zone_.Reserve(action.slot));
  for (const auto& zone : deployment.zones) zone->Restore();
  absl::StatusOr<SpawnedWorker> spawned = spawner_.Spawn(
      deployment.worker, deployment.launch.PlanOf(action.index), WorkerLogsOf(deployment.config));
  if (!spawned.ok()) {
    worker::RecoverSlot(zone_, tag);
    const bool is_log = !config::FieldOf(spawned.status()).empty();
    return is_log ? deployment.places.Explain(spawned.status())
                  : deployment.ExplainWorker(spawned.status());
  }
  const std::vector<worker::v1::Log> logs = std::move(spawned->logs);
  absl::StatusOr<std::unique_ptr<SupervisedWorker>> process =
      SupervisedWorker::Start(loop_, log_, *std::move(spawned), action.slot,
                              WorkerName(action.generation, action.index), sink_);
  if (!process.ok()) {
    worker::RecoverSlot(zone_, tag);
    return process.status();
  }
  const pid_t pid = (*process)->pid();
  zone_.registry().SetProcess(tag, pid);
  if (list_) Warn(list_->Add(action.slot, pid));
  for (const auto& [command, payload, fds] :
       FirstMessages(action, tag, deployment, zone_, *handoff, logs, newest_protocol_)) {
    (*process)->Send(command, 0, payload, fds);
  }
  live_[action.slot] = Live{*std::move(process), tag, deployment.zones, handoff};
  return pid;
}

void LiveWorkers::Send(const SendAction& action, OpenedLogs logs) {
  const auto found = live_.find(action.slot);
  if (found == live_.end()) return;
  // Its own count is zero when it has obeyed.
  if (action.command == worker::Command::kTerminate) {
    found->second.cut = LoadOf(action.slot);
  }
  // Nobody would take what it hands off.
  const bool is_alone = found->second.handoff.get() != &partners_.serving();
  const bool closes = is_alone && action.command == worker::Command::kDrain;
  worker::v1::Logs payload;
  for (worker::v1::Log& log : logs.logs) *payload.add_log() = std::move(log);
  std::vector<int> fds;
  for (const ipc::UniqueFd& fd : logs.fds) fds.push_back(fd.get());
  found->second.process->Send(closes ? worker::Command::kQuit : action.command, action.token,
                              payload.SerializeAsString(), fds);
}

void LiveWorkers::Signal(const SignalAction& action) {
  const auto found = live_.find(action.slot);
  if (found != live_.end()) found->second.process->Signal(action.signal);
}

bool LiveWorkers::CheckExit(std::uint32_t slot) {
  const auto found = live_.find(slot);
  return found != live_.end() && found->second.process->CheckExit();
}

std::optional<Duration> LiveWorkers::HungFor(std::uint32_t slot, const Silence& silence,
                                             TimePoint now) const {
  const auto found = live_.find(slot);
  if (found == live_.end()) return std::nullopt;
  return master::HungFor(*found->second.process, zone_, found->second.tag, silence, now);
}

std::optional<HungWatch::Subject> LiveWorkers::Examine(std::uint32_t slot) const {
  const auto found = live_.find(slot);
  if (found == live_.end()) return std::nullopt;
  const Live& live = found->second;
  HungWatch::Subject subject;
  subject.pid = live.process->pid();
  subject.is_stopped = live.process->IsStopped();
  subject.stacks = zone_.worker_status(slot).stacks.value();
  subject.at_hand = Examine(live.tag).at_hand;
  subject.has_accept_mutex =
      ipc::OwnerTag::InWord(zone_.accept_mutex_state()->word.load(std::memory_order_relaxed)) ==
      live.tag;
  subject.zones = live.zones;
  return subject;
}

LiveWorkers::Remains LiveWorkers::Examine(ipc::OwnerTag tag) const {
  const Load load = LoadOf(tag.slot());
  Remains remains = {.connections = load.connections, .requests = load.requests};
  if (const auto request = worker::ReadRequest(zone_.request(tag.slot()))) {
    remains.at_hand = absl::StrCat(request->is_waiting ? "a handler of it had " : "it served ",
                                   worker::Describe(*request));
  }
  const auto words = worker::ReadLastWords(zone_.last_words(tag.slot()));
  // The slot keeps those of earlier processes.
  if (words.has_value() && words->tag == tag) remains.last_words = words->text;
  return remains;
}

LiveWorkers::Remains LiveWorkers::Bury(std::uint32_t slot) {
  const auto found = live_.find(slot);
  Remains remains = Examine(found->second.tag);
  remains.connections = std::max(remains.connections, found->second.cut.connections);
  remains.requests = std::max(remains.requests, found->second.cut.requests);
  // In this order: while the process is a zombie its pid means nobody else.
  worker::RecoverSlot(zone_, found->second.tag);
  BuryIn(std::move(found->second.zones));
  found->second.process->Reap();
  live_.erase(found);
  if (list_) Warn(list_->Remove(slot));
  return remains;
}

void LiveWorkers::BuryIn(worker::UserZones zones) {
  if (zones.empty()) return;
  if (!burials_) {
    absl::StatusOr<std::unique_ptr<SideThread>> started = SideThread::Start();
    // Without a thread the next who waits for a lock of the dead finds out himself.
    if (!started.ok()) return Warn(started.status());
    burials_ = *std::move(started);
  }
  // The last of a zone is given back there, too: that of a large one takes long.
  burials_->Post([zones = std::move(zones)] {
    for (const auto& zone : zones) zone->BuryDead();
  });
}

LiveWorkers::Load LiveWorkers::LoadOf(std::uint32_t slot) const {
  const worker::StatsValues values = worker::ReadStats(zone_.stats(slot));
  const std::int64_t at_deadline = zone_.worker_status(slot).requests_cut.value();
  const std::uint64_t requests =
      std::max(values.reading + values.writing,
               static_cast<std::uint64_t>(std::max<std::int64_t>(at_deadline, 0)));
  return {std::min(values.active, kMostConnections), std::min(requests, kMostConnections)};
}

void LiveWorkers::Warn(const absl::Status& status) {
  if (!status.ok()) log_.Write(Severity::kWarning, status.message());
}

}  // namespace muster::master
