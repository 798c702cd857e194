#ifndef MUSTER_MASTER_PROCESS_SUPERVISED_WORKER_H_
#define MUSTER_MASTER_PROCESS_SUPERVISED_WORKER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/process/child.h"
#include "muster/master/process/command_queue.h"
#include "muster/master/process/log.h"
#include "muster/master/process/spawn.h"
#include "muster/proto/state/process_state.pb.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

// One running worker: its process, and the master's end of its channel. The loop watches both. Used
// in the loop's thread only. Destroying the object neither ends the process nor waits for it.
//
// The worker is not trusted. Its messages are read a few at a time, so that other events come in
// between, and at most kMessagesPerSecond of them; the rest wait, and then the worker. Messages
// carry no descriptors: where the kernel does not refuse them, the master closes the channel of a
// worker that sends one, which ends it as the master's death would. No call blocks, whatever it
// sent.
class SupervisedWorker {
 public:
  // Gets ReadyEvent, FailedEvent and AckedEvent. The last event, once, is ExitedEvent: the process
  // is dead but not yet reaped, so no other process can have its pid. Then call Reap and destroy,
  // which may be done within any of the calls.
  using Sink = std::function<void(Event)>;

  static constexpr int kMessagesPerSecond = 256;

  // Takes over what was just started for `slot`. After an error it is killed. `name` is its name in
  // the log. `loop` and `log` outlive the object.
  static absl::StatusOr<std::unique_ptr<SupervisedWorker>> Start(loop::EventLoop& loop, Log& log,
                                                                 SpawnedWorker spawned,
                                                                 std::uint32_t slot,
                                                                 std::string name, Sink sink);
  // Takes over what Save has returned in the program before. Nothing is sent or received, and
  // nobody is watched, until Watch and Begin. The error has the field.
  static absl::StatusOr<std::unique_ptr<SupervisedWorker>> Restore(
      loop::EventLoop& loop, Log& log, const state::v1::SupervisedWorkerState& state,
      DescriptorInheritance& inheritance, Sink sink);
  ~SupervisedWorker();
  SupervisedWorker(const SupervisedWorker&) = delete;
  SupervisedWorker& operator=(const SupervisedWorker&) = delete;

  // As CommandQueue::Send. With a `sequence` other than zero the worker acknowledges the command.
  // If a message without a signal cannot be sent, the worker is killed: its FailedEvent has the
  // reason. If a REOPEN cannot, its AckedEvent has.
  void Send(worker::Command command, std::uint32_t sequence, absl::string_view payload,
            absl::Span<const int> fds) {
    queue_.Send(command, sequence, payload, fds);
  }
  // Of a worker that was ready before Restore: the version of the protocol that it speaks.
  void SetProtocol(std::uint32_t protocol) { queue_.SetProtocol(protocol); }
  // To this process, or to none if it is gone.
  void Signal(int signal);

  // All that another program in this process needs to go on with the worker. What the worker has
  // sent and nobody has received waits in the channel.
  state::v1::SupervisedWorkerState Save(DescriptorKeep& keep) const;
  // After Restore. Lets the loop watch the process and its channel. Error: the loop cannot.
  absl::Status Watch();
  // After Watch. Sends on. Then call CheckExit: a process that was gone already is watched by
  // nobody.
  void Begin() { queue_.Begin(); }

  // Whether the process has ended. If so, it gives the sink all events up to ExitedEvent now.
  bool CheckExit();

  pid_t pid() const { return process_.pid(); }
  std::uint32_t slot() const { return slot_; }
  // Whether SIGSTOP or the like keeps it from running now.
  bool IsStopped() const;
  // Lets the kernel forget the dead process. Only after ExitedEvent.
  void Reap();

 private:
  static constexpr int kMessagesPerRound = 16;
  // A dead worker leaves at most what its socket held. A child of it may still send.
  static constexpr int kMostLastWords = 512;

  class Watcher : public loop::Handler {
   public:
    explicit Watcher(std::function<void(std::uint32_t)> callback)
        : callback_(std::move(callback)) {}
    void OnEvents(std::uint32_t events) override { callback_(events); }

   private:
    std::function<void(std::uint32_t)> callback_;
  };

  SupervisedWorker(loop::EventLoop& loop, Log& log, std::uint32_t slot, std::string name,
                   Child process, std::optional<ipc::Channel> channel, Sink sink);
  CommandQueue::Callbacks QueueCallbacks();
  void Complain(Severity severity, absl::string_view problem);
  absl::Status WatchChannel();
  void UnwatchChannel();
  void OnChannel(std::uint32_t events);
  void Receive(int most);
  // False: nothing more is there now, or will ever be. It may have destroyed this object, as all
  // that calls it.
  bool ReceiveOne();
  bool HasAllowance();
  void CloseChannel();
  void UnwatchExit();

  loop::EventLoop& loop_;
  Log& log_;
  const std::uint32_t slot_;
  const std::string name_;
  Child process_;
  std::optional<ipc::Channel> channel_;
  Sink sink_;
  bool is_channel_open_;
  // The worker's end is closed, and everything that it sent was received.
  bool is_drained_ = false;
  // Whether the loop watches them.
  bool is_channel_watched_ = false;
  bool is_exit_watched_ = false;
  bool has_complained_ = false;
  CommandQueue queue_;
  bool waits_for_room_ = false;
  ipc::ReceivedMessage message_;  // reused
  // Messages since `second_`, when a second began.
  int received_ = 0;
  loop::TimePoint second_{};
  bool has_exceeded_ = false;
  Watcher channel_watch_;
  Watcher exit_watch_;
  loop::Timer relief_;  // when messages are read again
  // As long as this object.
  const std::shared_ptr<const char> life_ = std::make_shared<const char>();
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SUPERVISED_WORKER_H_
