#ifndef MUSTER_MASTER_WORKERS_LIVE_WORKERS_H_
#define MUSTER_MASTER_WORKERS_LIVE_WORKERS_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/loop/event_loop.h"
#include "muster/master/aside/side_thread.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/handoff/handoff_ends.h"
#include "muster/master/handoff/handoff_partners.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/keep/shared_table.h"
#include "muster/master/logs/worker_logs.h"
#include "muster/master/orphans/worker_list.h"
#include "muster/master/process/log.h"
#include "muster/master/process/spawner.h"
#include "muster/master/process/supervised_worker.h"
#include "muster/master/workers/hung_watch.h"
#include "muster/master/workers/worker_pulse.h"
#include "muster/proto/state/process_state.pb.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// The processes of the workers, from their start until they are dead and what they held is
// recovered. Each has a slot of the zone. In the loop's thread only. No call blocks, but Start
// waits a little for the kernel, see Spawner.
class LiveWorkers {
 public:
  // All outlive it. The zone is one that SharedZone::Create made. `handoff` is the queue of the
  // first generation. `sink` gets the events of all workers. When it gets an ExitedEvent, it buries
  // the process.
  LiveWorkers(loop::EventLoop& loop, Log& log, const worker::SharedZone& zone,
              std::shared_ptr<const HandoffEnds> handoff, SupervisedWorker::Sink sink);

  // From now on a file beside the pid file has the processes, for the next master, if this one is
  // killed. If that cannot be, the log has why.
  void BeginList(const std::string& pid_file);

  // How long Start waits for the kernel from now on.
  void SetPatience(std::chrono::milliseconds patience) { spawner_.SetPatience(patience); }

  // Starts a process in a slot that is free, and sends it its first messages. After an error, which
  // has the place of the program's field, the slot is free again.
  absl::StatusOr<pid_t> Start(const SpawnAction& action, const Deployment& deployment);

  // The newest version of the protocol that is offered to those that are started from now on.
  void SetNewestProtocol(std::uint32_t protocol) { newest_protocol_ = protocol; }

  // From now on the generation that Start has had last of all is the one that serves. Earlier
  // workers that would have to hand connections off to another user close them (HandoffPartners).
  void OnCommit() { partners_.OnCommit(); }
  // As HandoffEnds::Give, with the queue of the generation that serves.
  bool Give(int connection, const std::string& state) const {
    return partners_.serving().Give(connection, state);
  }
  // Closes what is in the queue of the generation that serves. As HandoffEnds::CloseAll.
  std::size_t CloseHandedOff() const { return partners_.serving().CloseAll(); }

  // These do nothing if no process is in the slot.
  // With REOPEN it gets `logs`.
  void Send(const SendAction& action, OpenedLogs logs = {});
  void Signal(const SignalAction& action);
  // True: it has ended, and the sink has got all its events by now.
  bool CheckExit(std::uint32_t slot);

  // For how long a worker that is ready has not run its loop. Empty: it does, or is not there.
  std::optional<Duration> HungFor(std::uint32_t slot, const Silence& silence, TimePoint now) const;
  // What somebody has to know who looks why it does not run its loop. Empty: it is not there.
  std::optional<HungWatch::Subject> Examine(std::uint32_t slot) const;
  bool empty() const { return live_.empty(); }

  // What a dead process left in the shared zone. It may be wrong: any worker can write there.
  struct Remains {
    // When it died, or was told to end at once, or, the requests, at the deadline of its drain.
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
    std::string at_hand{};     // "it served GET /x for 192.0.2.1:4711"; empty: no request
    std::string last_words{};  // empty: none
  };

  // For a process that is dead. Recovers what it held in the shared zone, reaps it and frees its
  // slot. What it held in user zones is released beside the loop: how long that takes is for their
  // users to say.
  Remains Bury(std::uint32_t slot);

  // ---- For another program in this process (live_workers_state.cc) ----

  using ZoneTable = SharedTable<worker::UserZone>;

  // The workers with their channels, and the queues and the list; `zones` gets their zones. Not the
  // queue of a generation that does not serve yet: there is none at a quiet point. Unavailable: a
  // program is just being started.
  absl::StatusOr<state::v1::LiveWorkersState> Save(DescriptorKeep& keep, ZoneTable& zones) const;
  // Goes on with them there, in an object of which nothing else was called, with the same zone. Has
  // no effect outside of the process until Begin, nor has the destructor. `serving`: the launch of
  // the generation that serves. The error has the field.
  absl::Status Restore(const state::v1::LiveWorkersState& state, DescriptorInheritance& inheritance,
                       const ZoneTable& zones, const WorkerLaunch& serving);
  // After Restore, of a worker that is ready: the version of the protocol that it has told.
  void SetProtocol(std::uint32_t slot, std::uint32_t protocol);
  // After Restore. From now on the loop watches all of them. Error: it cannot.
  absl::Status Watch();
  // After Watch. Sends on, ends other children that the program before had started, and finds out
  // who has died meanwhile: the sink gets their last events within this call.
  void Begin();
  // Empty: there is none.
  std::optional<pid_t> PidOf(std::uint32_t slot) const;
  std::size_t size() const { return live_.size(); }

 private:
  // The connections that are open, and the requests that have begun on them.
  struct Load {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
  };
  struct Live {
    std::unique_ptr<SupervisedWorker> process;
    ipc::OwnerTag tag;
    worker::UserZones zones;
    std::shared_ptr<const HandoffEnds> handoff;
    Load cut{};  // when it was told to end at once
  };

  absl::Status RestoreWorker(const state::v1::LiveWorkerState& state,
                             DescriptorInheritance& inheritance, const ZoneTable& zones,
                             const SharedTable<HandoffEnds>& queues);
  absl::StatusOr<SharedTable<HandoffEnds>> RestoreQueues(const state::v1::LiveWorkersState& state,
                                                         DescriptorInheritance& inheritance);
  void BuryIn(worker::UserZones zones);
  // Of the process with the tag, as the zone has it.
  Remains Examine(ipc::OwnerTag tag) const;
  // Of the process in the slot, as it tells.
  Load LoadOf(std::uint32_t slot) const;
  void Warn(const absl::Status& status);

  loop::EventLoop& loop_;
  Log& log_;
  const worker::SharedZone& zone_;
  HandoffPartners partners_;
  const SupervisedWorker::Sink sink_;
  Spawner spawner_;
  std::uint32_t newest_protocol_ = worker::kProtocolVersion;
  std::map<std::uint32_t, Live> live_;  // by slot
  std::optional<WorkerList> list_;
  std::unique_ptr<SideThread> burials_;  // from the first on
  // Restored and not begun: queues that are dropped are not emptied.
  const std::shared_ptr<bool> is_restoring_ = std::make_shared<bool>(false);
  std::vector<pid_t> others_;  // children of the program before that are no workers
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_WORKERS_LIVE_WORKERS_H_
