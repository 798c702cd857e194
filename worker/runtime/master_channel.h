#ifndef MUSTER_WORKER_RUNTIME_MASTER_CHANNEL_H_
#define MUSTER_WORKER_RUNTIME_MASTER_CHANNEL_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/runtime/error_log.h"

namespace muster::worker {

// The channel to the master, in the worker's loop. Messages that cannot be sent now are kept and
// sent in order when there is room. In the loop's thread. No call blocks.
class MasterChannel : public loop::Handler {
 public:
  // All of it outlives this.
  struct Surroundings {
    loop::EventLoop& loop;
    const ErrorLog& log;
    const ipc::Channel& channel;
  };
  struct Callbacks {
    // Receives a message of the master. May take its descriptors.
    std::function<void(ipc::ReceivedMessage&)> message;
    // The master closed its end, as its death does, or the channel broke. Called once, and last.
    std::function<void()> gone;
  };
  // Only messages that process `master` sent are the master's. Others are logged and ignored.
  static absl::StatusOr<std::unique_ptr<MasterChannel>> Create(const Surroundings& surroundings,
                                                               pid_t master, std::uint32_t slot,
                                                               Callbacks callbacks);
  ~MasterChannel() override;

  // Without effect after the master is gone.
  void Send(Command command, std::string payload, std::uint32_t sequence = 0);

  // Receives what is there, without waiting for the loop to tell of it.
  void ReceiveNow();

  void OnEvents(std::uint32_t events) override;

 private:
  struct Unsent {
    Command command;
    std::uint32_t sequence;
    std::string payload;
  };

  MasterChannel(const Surroundings& surroundings, pid_t master, std::uint32_t slot,
                Callbacks callbacks);
  // False: the channel is gone.
  bool ReceiveAll();
  void SendAll();
  void WatchWrites(bool are_watched);
  void Leave();

  Surroundings around_;
  pid_t master_;
  std::int32_t slot_;
  Callbacks callbacks_;
  bool is_gone_ = false;
  bool watches_writes_ = false;
  std::deque<Unsent> unsent_;
  ipc::ReceivedMessage received_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_MASTER_CHANNEL_H_
