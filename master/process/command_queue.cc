#include "muster/master/process/command_queue.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/master/keep/saved_time.h"
#include "muster/master/keep/state_error.h"

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

CommandQueue::CommandQueue(loop::TimerQueue& timers, const ipc::Channel* channel,
                           std::uint32_t slot, Callbacks callbacks)
    : timers_(timers),
      channel_(channel),
      slot_(static_cast<std::int32_t>(slot)),
      callbacks_(std::move(callbacks)),
      is_closed_(channel == nullptr),
      patience_(timers, [this] { OnImpatience(); }),
      retry_(timers, [this] { SendQueued(); }) {}

absl::StatusOr<ipc::SendOutcome> CommandQueue::TrySend(Command command, std::uint32_t sequence,
                                                       absl::string_view payload,
                                                       absl::Span<const int> fds) {
  ipc::Message message;
  message.command = worker::NumberIn(protocol_, command);
  message.flags = sequence == 0 ? 0 : worker::kWantsAck;
  message.sequence = sequence;
  message.slot = slot_;
  message.payload = payload;
  message.fds = fds;
  return channel_->TrySend(message);
}

bool CommandQueue::IsSettled(Command command, std::uint32_t sequence,
                             const absl::StatusOr<ipc::SendOutcome>& outcome) {
  if (!outcome.ok()) {
    Lose(command, sequence, outcome.status().message());
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
  if (queue_.empty() && IsSettled(command, sequence, TrySend(command, sequence, payload, fds))) {
    return;
  }
  const bool is_full = queue_.size() >= kMostQueued;
  if (signal != 0 && (is_stuck_ || is_full)) callbacks_.signal(signal);
  // Of those that start a worker there are only as many as it needs.
  if (signal == 0 || !is_full) return Queue(command, sequence, payload, fds);
  if (command == Command::kReopen) {
    callbacks_.unsent(sequence,
                      absl::StrCat(kMostQueued, " messages to it wait, and it reads none"));
  }
}

void CommandQueue::Queue(Command command, std::uint32_t sequence, absl::string_view payload,
                         absl::Span<const int> fds) {
  Queued queued = {command, sequence, std::string(payload), {}};
  for (int fd : fds) {
    absl::StatusOr<ipc::UniqueFd> copy = ipc::DuplicateFd(fd);
    if (!copy.ok()) return Lose(command, sequence, copy.status().message());
    queued.fds.push_back(*std::move(copy));
  }
  queue_.push_back(std::move(queued));
  if (queue_.size() > 1) return;
  patience_ends_ = timers_.now() + kPatience;
  AwaitRoom();
}

void CommandQueue::AwaitRoom() {
  if (!is_stuck_) patience_.Set(patience_ends_);
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
    if (!IsSettled(next.command, next.sequence,
                   TrySend(next.command, next.sequence, next.payload, fds))) {
      break;
    }
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
  // One with a signal is tried on.
  const Queued& first = queue_.front();
  if (waits_for_others_ && SignalOf(first.command) == 0) {
    Lose(first.command, first.sequence, kRefusedForNow);
  }
}

void CommandQueue::Lose(Command command, std::uint32_t sequence, absl::string_view why) {
  const std::string problem =
      absl::StrCat(worker::CommandName(command), " could not be sent to it: ", why);
  const int signal = SignalOf(command);
  if (signal == 0) return callbacks_.lost(problem);
  callbacks_.complain(problem);
  callbacks_.signal(signal);
  if (command == Command::kReopen) callbacks_.unsent(sequence, problem);
}

void CommandQueue::Close() {
  is_closed_ = true;
  queue_.clear();
  patience_.Cancel();
  retry_.Cancel();
}

// ---- For another program ----

state::v1::CommandQueueState CommandQueue::Save(DescriptorKeep& keep) const {
  state::v1::CommandQueueState state;
  for (const Queued& queued : queue_) {
    state::v1::QueuedCommand& command = *state.add_commands();
    command.set_command(ipc::CommandNumber(queued.command));
    command.set_sequence(queued.sequence);
    command.set_payload(queued.payload);
    for (const ipc::UniqueFd& fd : queued.fds) command.add_fds(keep.Add(fd.get()));
  }
  state.set_has_complained(has_complained_);
  state.set_is_stuck(is_stuck_);
  state.set_waits_for_others(waits_for_others_);
  state.set_patience_ends(ToSavedTime(patience_ends_));
  return state;
}

absl::Status CommandQueue::Restore(const state::v1::CommandQueueState& state,
                                   DescriptorInheritance& inheritance) {
  if (is_closed_ && state.commands_size() > 0) {
    return StateError("commands", "are there without a channel");
  }
  for (int i = 0; i < state.commands_size(); ++i) {
    const state::v1::QueuedCommand& command = state.commands(i);
    const std::string field = absl::StrCat("commands[", i, "]");
    Queued queued = {
        static_cast<Command>(command.command()), command.sequence(), command.payload(), {}};
    if (ipc::CommandNumber(queued.command) != command.command() ||
        worker::CommandName(queued.command) == worker::CommandName(Command{})) {
      return StateError(field + ".command",
                        absl::StrCat("is ", command.command(), ", which is no command"));
    }
    if (command.payload().size() > ipc::kMaxChannelPayloadBytes) {
      return StateError(field + ".payload",
                        absl::StrCat("has ", command.payload().size(), " bytes"));
    }
    if (static_cast<std::size_t>(command.fds_size()) > ipc::kMaxChannelFds) {
      return StateError(field + ".fds", absl::StrCat("has ", command.fds_size(), " descriptors"));
    }
    for (int j = 0; j < command.fds_size(); ++j) {
      MUSTER_ASSIGN_OR_RETURN(
          ipc::UniqueFd fd,
          inheritance.Adopt(command.fds(j), absl::StrCat(field, ".fds[", j, "]")));
      queued.fds.push_back(std::move(fd));
    }
    queue_.push_back(std::move(queued));
  }
  has_complained_ = state.has_complained();
  is_stuck_ = state.is_stuck();
  waits_for_others_ = state.waits_for_others();
  patience_ends_ = FromSavedTime(state.patience_ends());
  return absl::OkStatus();
}

void CommandQueue::Begin() {
  if (!queue_.empty()) AwaitRoom();
}

}  // namespace muster::master
