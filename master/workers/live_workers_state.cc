// What of the workers' processes another program in this process goes on with.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/process/child.h"
#include "muster/master/workers/live_workers.h"

namespace muster::master {

absl::StatusOr<state::v1::LiveWorkersState> LiveWorkers::Save(DescriptorKeep& keep,
                                                              ZoneTable& zones) const {
  state::v1::LiveWorkersState state;
  MUSTER_ASSIGN_OR_RETURN(const std::vector<pid_t> children, Children());
  for (const pid_t child : children) state.add_children(child);
  SharedTable<HandoffEnds> queues;
  state.set_serving(partners_.serving_generation());
  state.set_serving_queue(queues.Add(partners_.serving_queue()));
  for (const auto& [slot, live] : live_) {
    state::v1::LiveWorkerState& worker = *state.add_workers();
    *worker.mutable_process() = live.process->Save(keep);
    worker.set_slot_generation(live.tag.generation());
    for (const auto& zone : live.zones) worker.add_zones(zones.Add(zone));
    worker.set_queue(queues.Add(live.handoff));
    worker.set_cut_connections(live.cut.connections);
    worker.set_cut_requests(live.cut.requests);
  }
  for (const auto& queue : queues.entries()) {
    state::v1::HandoffQueueState& ends = *state.add_queues();
    ends.set_take(keep.Add(queue->take_fd()));
    ends.set_give(keep.Add(queue->give_fd()));
  }
  if (list_) *state.mutable_list() = list_->Save(keep);
  return state;
}

absl::StatusOr<SharedTable<HandoffEnds>> LiveWorkers::RestoreQueues(
    const state::v1::LiveWorkersState& state, DescriptorInheritance& inheritance) {
  std::vector<std::shared_ptr<const HandoffEnds>> queues;
  for (const state::v1::HandoffQueueState& ends : state.queues()) {
    const std::string field = absl::StrCat("queues[", queues.size(), "]");
    MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd take,
                            inheritance.Adopt(ends.take(), absl::StrCat(field, ".take")));
    MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd give,
                            inheritance.Adopt(ends.give(), absl::StrCat(field, ".give")));
    absl::StatusOr<HandoffEnds> queue = HandoffEnds::Adopt(std::move(take), std::move(give));
    if (!queue.ok()) return StateError(field, queue.status().message());
    queues.push_back(ClosedAtItsEnd(*std::move(queue), is_restoring_));
  }
  return SharedTable<HandoffEnds>(std::move(queues));
}

absl::Status LiveWorkers::RestoreWorker(const state::v1::LiveWorkerState& state,
                                        DescriptorInheritance& inheritance, const ZoneTable& zones,
                                        const SharedTable<HandoffEnds>& queues) {
  const std::uint32_t slot = state.process().slot();
  if (slot >= zone_.capacity()) {
    return StateError("process.slot", absl::StrCat("is ", slot, " of ", zone_.capacity()));
  }
  if (live_.count(slot) != 0) {
    return StateError("process.slot", absl::StrCat("is ", slot, ", which another worker has"));
  }
  Live live;
  live.tag = ipc::OwnerTag(slot, state.slot_generation());
  if (!zone_.slot_table().IsLive(live.tag)) {
    return StateError("slot_generation", absl::StrCat("is ", state.slot_generation(),
                                                      ", which is not that of slot ", slot));
  }
  absl::StatusOr<std::unique_ptr<SupervisedWorker>> process =
      SupervisedWorker::Restore(loop_, log_, state.process(), inheritance, sink_);
  if (!process.ok()) return InStateField("process", process.status());
  live.process = *std::move(process);
  for (int i = 0; i < state.zones_size(); ++i) {
    MUSTER_ASSIGN_OR_RETURN(auto zone, zones.Find(state.zones(i), absl::StrCat("zones[", i, "]")));
    live.zones.push_back(std::move(zone));
  }
  MUSTER_ASSIGN_OR_RETURN(live.handoff, queues.Find(state.queue(), "queue"));
  live.cut = {state.cut_connections(), state.cut_requests()};
  live_.emplace(slot, std::move(live));
  return absl::OkStatus();
}

absl::Status LiveWorkers::Restore(const state::v1::LiveWorkersState& state,
                                  DescriptorInheritance& inheritance, const ZoneTable& zones,
                                  const WorkerLaunch& serving) {
  *is_restoring_ = true;
  MUSTER_ASSIGN_OR_RETURN(const SharedTable<HandoffEnds> queues, RestoreQueues(state, inheritance));
  MUSTER_ASSIGN_OR_RETURN(auto queue, queues.Find(state.serving_queue(), "serving_queue"));
  partners_.Resume(state.serving(), serving, std::move(queue));
  for (int i = 0; i < state.workers_size(); ++i) {
    MUSTER_RETURN_IF_ERROR(
        InStateField(absl::StrCat("workers[", i, "]"),
                     RestoreWorker(state.workers(i), inheritance, zones, queues)));
  }
  for (const pid_t child : state.children()) {
    const bool is_worker = std::any_of(live_.begin(), live_.end(), [child](const auto& entry) {
      return entry.second.process->pid() == child;
    });
    if (!is_worker) others_.push_back(child);
  }
  if (!state.has_list()) return absl::OkStatus();
  MUSTER_ASSIGN_OR_RETURN(WorkerList list, WorkerList::Restore(state.list(), inheritance));
  list_.emplace(std::move(list));
  return absl::OkStatus();
}

void LiveWorkers::SetProtocol(std::uint32_t slot, std::uint32_t protocol) {
  const auto found = live_.find(slot);
  if (found != live_.end()) found->second.process->SetProtocol(protocol);
}

absl::Status LiveWorkers::Watch() {
  for (const auto& [slot, live] : live_) MUSTER_RETURN_IF_ERROR(live.process->Watch());
  return absl::OkStatus();
}

void LiveWorkers::Begin() {
  *is_restoring_ = false;
  if (list_) list_->Begin();
  for (const pid_t child : std::exchange(others_, {})) EndChild(child);
  // The program before may have had no time for those of its last dead.
  SharedTable<worker::UserZone> zones;
  std::vector<std::uint32_t> slots;
  for (const auto& [slot, live] : live_) {
    slots.push_back(slot);
    for (const auto& zone : live.zones) zones.Add(zone);
    live.process->Begin();
  }
  BuryIn(zones.entries());
  for (const std::uint32_t slot : slots) CheckExit(slot);
}

std::optional<pid_t> LiveWorkers::PidOf(std::uint32_t slot) const {
  const auto found = live_.find(slot);
  return found == live_.end() ? std::nullopt : std::optional(found->second.process->pid());
}

}  // namespace muster::master
