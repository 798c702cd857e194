#ifndef MUSTER_MASTER_PROCESS_COMMAND_QUEUE_H_
#define MUSTER_MASTER_PROCESS_COMMAND_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/channel/transfer_outcome.h"
#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/proto/state/process_state.pb.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

// What the master sends to one worker, in the order of the calls. What the channel does not take
// now is kept and tried again. Some commands have a signal that says the same (PROTOCOL.md): it is
// sent as well if the channel has not emptied for a second, and at once from then on, until it has.
// A message without a signal that cannot be sent is lost, and the worker with it.
//
// In the loop's thread only. No call blocks. A callback may not destroy the queue.
class CommandQueue {
 public:
  struct Callbacks {
    std::function<void(int signal)> signal;
    // Why a command went by signal only, or why something is not sent yet; that once, until
    // everything is sent again.
    std::function<void(const std::string& problem)> complain;
    // A message without a signal could not be sent, and why.
    std::function<void(const std::string& reason)> lost;
    // A REOPEN could not be sent, and why. Its signal does not have the logs.
    std::function<void(std::uint32_t sequence, const std::string& reason)> unsent;
    // Whether to call SendQueued as soon as the channel is writable.
    std::function<void(bool)> watch_room;
  };

  // `timers`, which is the loop, and `channel` outlive it. No channel: it is gone, as after Close.
  // `slot` is told in each message.
  CommandQueue(loop::TimerQueue& timers, const ipc::Channel* channel, std::uint32_t slot,
               Callbacks callbacks);

  // The descriptors stay the caller's.
  void Send(worker::Command command, std::uint32_t sequence, absl::string_view payload,
            absl::Span<const int> fds);
  void SendQueued();
  // The version in which the worker speaks from now on. Before READY the numbers are the same in
  // all.
  void SetProtocol(std::uint32_t protocol) { protocol_ = protocol; }
  // The channel is gone: from now on there are signals only.
  void Close();

  // What is not sent, for the program that replaces this one.
  state::v1::CommandQueueState Save(DescriptorKeep& keep) const;
  // Goes on with it there, in an object of which nothing else was called. Sends nothing until
  // Begin. The error has the field.
  absl::Status Restore(const state::v1::CommandQueueState& state,
                       DescriptorInheritance& inheritance);
  void Begin();

 private:
  // A worker that leaves so many does not listen: further ones go by signal only.
  static constexpr std::size_t kMostQueued = 64;

  struct Queued {
    worker::Command command{};
    std::uint32_t sequence = 0;
    std::string payload;
    std::vector<ipc::UniqueFd> fds;
  };

  absl::StatusOr<ipc::SendOutcome> TrySend(worker::Command command, std::uint32_t sequence,
                                           absl::string_view payload, absl::Span<const int> fds);
  // Whether that is all that is to be said of it. False: it has to be tried again.
  bool IsSettled(worker::Command command, std::uint32_t sequence,
                 const absl::StatusOr<ipc::SendOutcome>& outcome);
  void Queue(worker::Command command, std::uint32_t sequence, absl::string_view payload,
             absl::Span<const int> fds);
  void Lose(worker::Command command, std::uint32_t sequence, absl::string_view why);
  void OnImpatience();
  // For the first command of the queue.
  void AwaitRoom();

  loop::TimerQueue& timers_;
  const ipc::Channel* const channel_;
  const std::int32_t slot_;
  std::uint32_t protocol_ = worker::kOldestProtocolVersion;
  const Callbacks callbacks_;
  std::deque<Queued> queue_;
  bool is_closed_;
  // Of the time since the queue was empty last.
  bool has_complained_ = false;
  bool is_stuck_ = false;          // for longer than the patience
  bool waits_for_others_ = false;  // who have too many descriptors in flight
  loop::TimePoint patience_ends_{};
  loop::Timer patience_;
  loop::Timer retry_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_COMMAND_QUEUE_H_
