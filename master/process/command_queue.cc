#include "muster/master/process/command_queue.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::master {
namespace {

using worker::Command;

constexpr std::chrono::seconds kPatience{1};
// How long until it is tried again when nothing tells that it would help.
constexpr std::chrono::milliseconds kRetryEvery{20};

constexpr char kRefusedForNow[] =
    "too many descriptors of this user are in messages that nobody has received (ETOOMANYREFS), or "
    "the kernel has no memory";

// Zero: there is none.
int SignalOf(Command command) {
  switch (command) {
    case Command::kDrain:
    case Command::kQuit:
      return SIGQUIT;
    case Command::kTerminate:
      return SIGTERM;
    case Command::kReopen:
      return SIGUSR1;
    default:
      return 0;
  }
}

}  // namespace

CommandQueue::CommandQueue(loop::TimerQueue& timers, const ipc::Channel& channel,
                           std::uint32_t slot, Callbacks callbacks)
    : channel_(channel),
      slot_(static_cast<std::int32_t>(slot)),
      callbacks_(std::move(callbacks)),
      patience_(timers, [this] { OnImpatience(); }),
      retry_(timers, [this] { SendQueued(); }) {}

absl::StatusOr<ipc::SendOutcome> CommandQueue::TrySend(Command command, std::uint32_t sequence,
                                                       absl::string_view payload,
                                                       absl::Span<const int> fds) {
  ipc::Message message;
  message.command = ipc::CommandNumber(command);
  message.flags = sequence == 0 ? 0 : worker::kWantsAck;
  message.sequence = sequence;
  message.slot = slot_;
  message.payload = payload;
  message.fds = fds;
  return channel_.TrySend(message);
}

bool CommandQueue::IsSettled(Command command, const absl::StatusOr<ipc::SendOutcome>& outcome) {
  if (!outcome.ok()) {
    Lose(command, outcome.status().message());
    return true;
  }
  waits_for_others_ = false;
  switch (*outcome) {
    case ipc::SendOutcome::kSent:
      return true;
    case ipc::SendOutcome::kPeerGone:
      // A worker without a channel ends, or is ended; there is nothing to explain.
      if (const int signal = SignalOf(command); signal != 0) callbacks_.signal(signal);
      return true;
    case ipc::SendOutcome::kWouldBlock:
      break;
    case ipc::SendOutcome::kTryLater:
      waits_for_others_ = true;
      if (!std::exchange(has_complained_, true)) {
        callbacks_.complain(
            absl::StrCat(worker::CommandName(command), " is not sent yet: ", kRefusedForNow));
      }
      break;
  }
  return false;
}

void CommandQueue::Send(Command command, std::uint32_t sequence, absl::string_view payload,
                        absl::Span<const int> fds) {
  const int signal = SignalOf(command);
  if (is_closed_) {
    if (signal != 0) callbacks_.signal(signal);
    return;
  }
  if (queue_.empty() && IsSettled(command, TrySend(command, sequence, payload, fds))) return;
  if (signal != 0 && (is_stuck_ || queue_.size() >= kMostQueued)) callbacks_.signal(signal);
  // Of those that start a worker there are only as many as it needs.
  if (signal == 0 || queue_.size() < kMostQueued) Queue(command, sequence, payload, fds);
}

void CommandQueue::Queue(Command command, std::uint32_t sequence, absl::string_view payload,
                         absl::Span<const int> fds) {
  Queued queued = {command, sequence, std::string(payload), {}};
  for (int fd : fds) {
    absl::StatusOr<ipc::UniqueFd> copy = ipc::DuplicateFd(fd);
    if (!copy.ok()) return Lose(command, copy.status().message());
    queued.fds.push_back(*std::move(copy));
  }
  queue_.push_back(std::move(queued));
  if (queue_.size() > 1) return;
  patience_.SetAfter(kPatience);
  if (waits_for_others_) {
    retry_.SetAfter(kRetryEvery);
  } else {
    callbacks_.watch_room(true);
  }
}

void CommandQueue::SendQueued() {
  if (is_closed_) return;
  while (!queue_.empty()) {
    const Queued& next = queue_.front();
    std::vector<int> fds;
    for (const ipc::UniqueFd& fd : next.fds) fds.push_back(fd.get());
    if (!IsSettled(next.command, TrySend(next.command, next.sequence, next.payload, fds))) break;
    queue_.pop_front();
  }
  // A socket is writable however many descriptors are in flight.
  callbacks_.watch_room(!queue_.empty() && !waits_for_others_);
  if (!queue_.empty()) {
    if (waits_for_others_) retry_.SetAfter(kRetryEvery);
    return;
  }
  patience_.Cancel();
  is_stuck_ = false;
  has_complained_ = false;
}

void CommandQueue::OnImpatience() {
  is_stuck_ = true;
  for (const Queued& queued : queue_) {
    if (const int signal = SignalOf(queued.command); signal != 0) callbacks_.signal(signal);
  }
  if (waits_for_others_) Lose(queue_.front().command, kRefusedForNow);
}

void CommandQueue::Lose(Command command, absl::string_view why) {
  const std::string problem =
      absl::StrCat(worker::CommandName(command), " could not be sent to it: ", why);
  const int signal = SignalOf(command);
  if (signal == 0) return callbacks_.lost(problem);
  callbacks_.complain(problem);
  callbacks_.signal(signal);
}

void CommandQueue::Close() {
  is_closed_ = true;
  queue_.clear();
  patience_.Cancel();
  retry_.Cancel();
}

}  // namespace muster::master
