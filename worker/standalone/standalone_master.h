#ifndef MUSTER_WORKER_STANDALONE_STANDALONE_MASTER_H_
#define MUSTER_WORKER_STANDALONE_STANDALONE_MASTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/protocol/handover.h"
#include "muster/worker/standalone/foreground_signals.h"
#include "muster/worker/standalone/standalone_config.h"
#include "muster/worker/standalone/standalone_sockets.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// What a master is to its worker, within the worker's own process: it has read the configuration,
// bound the listeners and made the zones, hands them over by the other end of the worker's channel,
// and then says SERVE, and QUIT or TERMINATE when a signal comes. So the worker is the same one as
// with a master. Nobody starts it again, and there is one generation. In one thread.
class StandaloneMaster {
 public:
  // Reads the configuration in `config_file`; relative paths are relative to `prefix`. Changes the
  // environment and the working directory as the configuration says. `signals` outlives this.
  // Errors name the place in the file. InvalidArgument: the file cannot be read, or has mistakes.
  static absl::StatusOr<std::unique_ptr<StandaloneMaster>> Create(
      const std::string& config_file, const std::string& prefix, const v1::Description& description,
      ForegroundSignals& signals);
  ~StandaloneMaster();
  StandaloneMaster(const StandaloneMaster&) = delete;
  StandaloneMaster& operator=(const StandaloneMaster&) = delete;

  // The worker's end. LISTENERS, ZONES and HELLO are in it.
  const ipc::Channel& worker_end() const { return ends_.first; }

  // Listens, and lets the worker serve. Call it once the worker is made, with its loop and its log.
  // They are used until Leave, or the end of this.
  using Log = std::function<void(config::v1::Log::Level, absl::string_view)>;
  absl::Status Attend(loop::EventLoop& loop, Log log);
  void Leave();

  // Removes what would be left of the listeners, for a process that ends without this object's end.
  void RemoveFiles() { sockets_.RemoveFiles(); }

  // Puts the place in the file in front of an error that a field caused.
  absl::Status Explain(const absl::Status& status) const { return config_.places.Explain(status); }
  // Whether the configuration has a sandbox, which this worker has not.
  bool had_sandbox() const { return config_.had_sandbox; }

 private:
  // Calls `hear` for a descriptor's events.
  struct Ear : loop::Handler {
    explicit Ear(std::function<void()> what) : hear(std::move(what)) {}
    void OnEvents(std::uint32_t) override { hear(); }
    std::function<void()> hear;
  };

  StandaloneMaster(StandaloneConfig config, StandaloneSockets sockets, SharedZone zone,
                   ipc::Channel::Pair ends, ipc::Channel::Pair handoff, ForegroundSignals& signals);
  absl::Status MakeZones();
  absl::Status Introduce();
  absl::Status Send(const FirstMessage& message) const;
  void Order(Command command);
  void HearWorker();
  void HearSignals();

  StandaloneConfig config_;
  StandaloneSockets sockets_;
  SharedZone zone_;
  UserZones user_zones_;
  ipc::Channel::Pair ends_;     // the worker's, ours
  ipc::Channel::Pair handoff_;  // to take from, and to give to: nobody is at the other end
  ForegroundSignals& signals_;
  Ear worker_ear_{[this] { HearWorker(); }};
  Ear signal_ear_{[this] { HearSignals(); }};
  loop::EventLoop* loop_ = nullptr;  // null: it does not attend
  Log log_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STANDALONE_STANDALONE_MASTER_H_
