#ifndef MUSTER_MASTER_PROCESS_SUPERVISED_WORKER_H_
#define MUSTER_MASTER_PROCESS_SUPERVISED_WORKER_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/process/child.h"
#include "muster/master/process/log.h"
#include "muster/master/process/spawn.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

// One running worker: its process, and the master's end of its channel. The loop watches both. Used
// in the loop's thread only. Destroying the object neither ends the process nor waits for it.
class SupervisedWorker {
 public:
  // Gets ReadyEvent, FailedEvent and AckedEvent. The last event, once, is ExitedEvent: the process
  // is dead but not yet reaped, so no other process can have its pid. Then call Reap and destroy.
  using Sink = std::function<void(Event)>;

  // Takes over what was just started for `slot`. After an error it is killed. `name` is its name in
  // the log. `loop` and `log` outlive the object.
  static absl::StatusOr<std::unique_ptr<SupervisedWorker>> Start(loop::EventLoop& loop, Log& log,
                                                                 SpawnedWorker spawned,
                                                                 std::uint32_t slot,
                                                                 std::string name, Sink sink);
  ~SupervisedWorker();
  SupervisedWorker(const SupervisedWorker&) = delete;
  SupervisedWorker& operator=(const SupervisedWorker&) = delete;

  // Sends over the channel, in the order of the calls. What the channel does not take now is kept
  // and tried again. If the channel takes nothing for a second, or is gone, the command's signal is
  // sent as well. The descriptors stay the caller's. With a `sequence` other than zero the worker
  // acknowledges the command.
  void Send(worker::Command command, std::uint32_t sequence, absl::string_view payload,
            absl::Span<const int> fds);
  // To this process, or to none if it is gone.
  void Signal(int signal);

  // Whether the process has ended. If so, it gives the sink all events up to ExitedEvent now.
  bool CheckExit();

  pid_t pid() const { return process_.pid(); }
  // Lets the kernel forget the dead process. Only after ExitedEvent.
  void Reap();

 private:
  // A worker that leaves so many messages does not listen: further ones go by signal only.
  static constexpr std::size_t kMostQueued = 64;
  static constexpr int kMessagesPerRound = 64;

  struct Queued {
    worker::Command command{};
    std::uint32_t sequence = 0;
    std::string payload;
    std::vector<ipc::UniqueFd> fds;
  };
  class Watch : public loop::Handler {
   public:
    explicit Watch(std::function<void(std::uint32_t)> callback) : callback_(std::move(callback)) {}
    void OnEvents(std::uint32_t events) override { callback_(events); }

   private:
    std::function<void(std::uint32_t)> callback_;
  };

  SupervisedWorker(loop::EventLoop& loop, Log& log, std::uint32_t slot, std::string name,
                   Child process, ipc::Channel channel, Sink sink);
  void Complain(Severity severity, absl::string_view problem);
  absl::StatusOr<ipc::SendOutcome> TrySend(worker::Command command, std::uint32_t sequence,
                                           absl::string_view payload, absl::Span<const int> fds);
  void Queue(worker::Command command, std::uint32_t sequence, absl::string_view payload,
             absl::Span<const int> fds);
  void Flush();
  void FallBack(worker::Command command);
  void OnChannel(std::uint32_t events);
  void Receive(int most);
  void Take(const ipc::ReceivedMessage& message);
  void CloseChannel();
  void UnwatchExit();

  loop::EventLoop& loop_;
  Log& log_;
  const std::uint32_t slot_;
  const std::string name_;
  Child process_;
  ipc::Channel channel_;
  Sink sink_;
  // Whether the loop watches them.
  bool is_channel_open_ = false;
  bool is_exit_watched_ = false;
  bool has_complained_ = false;
  std::deque<Queued> queue_;
  ipc::ReceivedMessage message_;  // reused
  Watch channel_watch_;
  Watch exit_watch_;
  loop::Timer patience_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SUPERVISED_WORKER_H_
