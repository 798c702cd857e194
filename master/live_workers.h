#ifndef MUSTER_MASTER_LIVE_WORKERS_H_
#define MUSTER_MASTER_LIVE_WORKERS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

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
#include "muster/master/hung_watch.h"
#include "muster/master/process/log.h"
#include "muster/master/process/spawner.h"
#include "muster/master/process/supervised_worker.h"
#include "muster/master/process/worker_list.h"
#include "muster/master/worker_pulse.h"
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

  // Starts a process in a slot that is free, and sends it its first messages. After an error, which
  // has the place of the program's field, the slot is free again.
  absl::StatusOr<pid_t> Start(const SpawnAction& action, const Deployment& deployment);

  // From now on the generation that Start has had last of all is the one that serves. Earlier
  // workers that would have to hand connections off to another user close them (HandoffPartners).
  void OnCommit() { partners_.OnCommit(); }
  // Closes what is in the queue of the generation that serves. As HandoffEnds::CloseAll.
  std::size_t CloseHandedOff() const { return partners_.serving().CloseAll(); }

  // These do nothing if no process is in the slot.
  void Send(const SendAction& action);
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
  std::map<std::uint32_t, Live> live_;  // by slot
  std::optional<WorkerList> list_;
  std::unique_ptr<SideThread> burials_;  // from the first on
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LIVE_WORKERS_H_
