#include "muster/master/process/supervised_worker.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/master/aside/close_aside.h"
#include "muster/master/keep/saved_time.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/process/worker_message.h"

namespace muster::master {

absl::StatusOr<std::unique_ptr<SupervisedWorker>> SupervisedWorker::Start(
    loop::EventLoop& loop, Log& log, SpawnedWorker spawned, std::uint32_t slot, std::string name,
    Sink sink) {
  std::unique_ptr<SupervisedWorker> worker(
      new SupervisedWorker(loop, log, slot, std::move(name), std::move(spawned.process),
                           std::move(spawned.channel), std::move(sink)));
  if (const absl::Status status = worker->Watch(); !status.ok()) {
    worker->Signal(SIGKILL);
    (void)worker->process_.Wait(ipc::PidFd::Reap::kYes);
    return status;
  }
  return worker;
}

SupervisedWorker::SupervisedWorker(loop::EventLoop& loop, Log& log, std::uint32_t slot,
                                   std::string name, Child process,
                                   std::optional<ipc::Channel> channel, Sink sink)
    : loop_(loop),
      log_(log),
      slot_(slot),
      name_(std::move(name)),
      process_(std::move(process)),
      channel_(std::move(channel)),
      sink_(std::move(sink)),
      is_channel_open_(channel_.has_value()),
      queue_(loop, channel_.has_value() ? &*channel_ : nullptr, slot, QueueCallbacks()),
      channel_watch_([this](std::uint32_t events) { OnChannel(events); }),
      exit_watch_([this](std::uint32_t) { CheckExit(); }),
      relief_(loop, [this] {
        if (is_channel_open_) (void)WatchChannel();
      }) {}

absl::Status SupervisedWorker::Watch() {
  if (process_.fd() >= 0) {
    MUSTER_RETURN_IF_ERROR(loop_.Add(process_.fd(), EPOLLIN, &exit_watch_));
    is_exit_watched_ = true;
  }
  return is_channel_open_ ? WatchChannel() : absl::OkStatus();
}

SupervisedWorker::~SupervisedWorker() {
  UnwatchExit();
  CloseChannel();
}

void SupervisedWorker::Complain(Severity severity, absl::string_view problem) {
  log_.Write(severity, absl::StrCat(name_, " (pid ", pid(), "): ", problem));
}

// ---- Sending ----

CommandQueue::Callbacks SupervisedWorker::QueueCallbacks() {
  CommandQueue::Callbacks callbacks;
  callbacks.signal = [this](int signal) { Signal(signal); };
  callbacks.complain = [this](const std::string& problem) { Complain(Severity::kError, problem); };
  callbacks.lost = [this](const std::string& reason) {
    Complain(Severity::kError, reason);
    sink_(FailedEvent{slot_, absl::AbortedError(reason)});
    Signal(SIGKILL);
  };
  callbacks.unsent = [this](std::uint32_t sequence, const std::string& reason) {
    sink_(AckedEvent{.slot = slot_, .token = sequence, .error = reason});
  };
  callbacks.watch_room = [this](bool is_watched) {
    if (std::exchange(waits_for_room_, is_watched) != is_watched && is_channel_watched_) {
      (void)WatchChannel();
    }
  };
  return callbacks;
}

void SupervisedWorker::Signal(int signal) {
  const absl::Status status = process_.Send(signal);
  if (!status.ok() && !absl::IsNotFound(status)) {
    Complain(Severity::kError, status.message());
  }
}

// ---- Receiving ----

absl::Status SupervisedWorker::WatchChannel() {
  const std::uint32_t events = waits_for_room_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (is_channel_watched_) return loop_.Modify(channel_->fd(), events, &channel_watch_);
  MUSTER_RETURN_IF_ERROR(loop_.Add(channel_->fd(), events, &channel_watch_));
  is_channel_watched_ = true;
  return absl::OkStatus();
}

void SupervisedWorker::UnwatchChannel() {
  if (std::exchange(is_channel_watched_, false)) loop_.Remove(channel_->fd(), &channel_watch_);
}

void SupervisedWorker::OnChannel(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) queue_.SendQueued();
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
  if (HasAllowance()) return Receive(std::min(kMessagesPerRound, kMessagesPerSecond - received_));
  // It would be readable in each round.
  UnwatchChannel();
  relief_.Set(second_ + std::chrono::seconds(1));
  if (!std::exchange(has_exceeded_, true)) {
    Complain(Severity::kWarning, absl::StrCat("sends more than ", kMessagesPerSecond,
                                              " messages in a second; the others wait"));
  }
}

bool SupervisedWorker::HasAllowance() {
  if (loop_.now() - second_ >= std::chrono::seconds(1)) {
    second_ = loop_.now();
    received_ = 0;
  }
  return received_ < kMessagesPerSecond;
}

void SupervisedWorker::Receive(int most) {
  const std::weak_ptr<const char> life = life_;
  for (int i = 0; i < most && !life.expired() && is_channel_open_ && ReceiveOne(); ++i) {
  }
}

bool SupervisedWorker::ReceiveOne() {
  const absl::StatusOr<bool> has_descriptors = channel_->NextHasDescriptors();
  if (has_descriptors.ok() && *has_descriptors) {
    const char reason[] = "sent a descriptor, which no worker may; its channel is closed";
    Complain(Severity::kError, reason);
    CloseChannel();
    sink_(FailedEvent{slot_, absl::AbortedError(reason)});
    return false;
  }
  const absl::StatusOr<ipc::ReceiveOutcome> outcome = channel_->TryReceive(&message_);
  if (!outcome.ok()) {
    ++received_;
    if (!std::exchange(has_complained_, true)) {
      Complain(Severity::kWarning, outcome.status().message());
    }
    return absl::IsInvalidArgument(outcome.status());
  }
  switch (*outcome) {
    case ipc::ReceiveOutcome::kWouldBlock:
      return false;
    case ipc::ReceiveOutcome::kPeerGone:
      is_drained_ = true;
      CloseChannel();
      return false;
    case ipc::ReceiveOutcome::kReceived:
      break;
  }
  ++received_;
  if (message_.sender.pid != pid()) return true;
  if (std::optional<Event> event = ReadWorkerMessage(slot_, message_)) {
    const bool is_ready = message_.command_as<worker::Command>() == worker::Command::kReady;
    // It could serve, but nobody could tell it to.
    if (is_ready && std::holds_alternative<FailedEvent>(*event)) Signal(SIGKILL);
    if (const auto* ready = std::get_if<ReadyEvent>(&*event)) queue_.SetProtocol(ready->protocol);
    sink_(*std::move(event));
  }
  return true;
}

void SupervisedWorker::CloseChannel() {
  if (!std::exchange(is_channel_open_, false)) return;
  UnwatchChannel();
  relief_.Cancel();
  queue_.Close();
  // What was sent and not received is closed with the channel.
  if (!is_drained_) CloseAside((*std::move(channel_)).Release());
}

// ---- The end ----

void SupervisedWorker::UnwatchExit() {
  if (std::exchange(is_exit_watched_, false)) loop_.Remove(process_.fd(), &exit_watch_);
}

bool SupervisedWorker::CheckExit() {
  const absl::StatusOr<std::optional<ipc::ProcessExit>> exit =
      process_.TryWait(ipc::PidFd::Reap::kNo);
  if (exit.ok() && !exit->has_value()) return false;
  // Its last words come before its death.
  const std::weak_ptr<const char> life = life_;
  Receive(kMostLastWords);
  if (life.expired()) return true;
  CloseChannel();
  UnwatchExit();
  ExitedEvent event{slot_, {}};
  event.exit.pid = pid();
  if (exit.ok()) event.exit = **exit;
  sink_(event);  // destroys this
  return true;
}

bool SupervisedWorker::IsStopped() const {
  siginfo_t stop = {};
  const auto id = static_cast<id_t>(process_.fd());
  return ::waitid(P_PIDFD, id, &stop, WSTOPPED | WNOHANG | WNOWAIT) == 0 && stop.si_pid != 0;
}

void SupervisedWorker::Reap() { (void)process_.TryWait(ipc::PidFd::Reap::kYes); }

// ---- For another program ----

state::v1::SupervisedWorkerState SupervisedWorker::Save(DescriptorKeep& keep) const {
  state::v1::SupervisedWorkerState state;
  state.set_slot(slot_);
  state.set_name(name_);
  state.set_pid(pid());
  if (is_channel_open_) state.set_channel(keep.Add(channel_->fd()));
  state.set_has_complained(has_complained_);
  state.set_has_exceeded(has_exceeded_);
  state.set_received(static_cast<std::uint32_t>(received_));
  state.set_second(ToSavedTime(second_));
  *state.mutable_queue() = queue_.Save(keep);
  return state;
}

absl::StatusOr<std::unique_ptr<SupervisedWorker>> SupervisedWorker::Restore(
    loop::EventLoop& loop, Log& log, const state::v1::SupervisedWorkerState& state,
    DescriptorInheritance& inheritance, Sink sink) {
  if (state.name().empty()) return StateError("name", "is missing");
  if (state.pid() <= 0) return StateError("pid", absl::StrCat("is ", state.pid()));
  absl::StatusOr<Child> process = Child::Resume(state.pid());
  if (!process.ok()) return StateError("pid", process.status().message());
  std::optional<ipc::Channel> channel;
  if (state.has_channel()) {
    MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, inheritance.Adopt(state.channel(), "channel"));
    absl::StatusOr<ipc::Channel> adopted = ipc::Channel::Adopt(std::move(fd));
    if (!adopted.ok()) return StateError("channel", adopted.status().message());
    channel = *std::move(adopted);
  }
  std::unique_ptr<SupervisedWorker> worker(
      new SupervisedWorker(loop, log, state.slot(), state.name(), *std::move(process),
                           std::move(channel), std::move(sink)));
  worker->has_complained_ = state.has_complained();
  worker->has_exceeded_ = state.has_exceeded();
  // More than a second's makes no difference.
  worker->received_ =
      static_cast<int>(std::min(state.received(), static_cast<std::uint32_t>(kMessagesPerSecond)));
  worker->second_ = FromSavedTime(state.second());
  MUSTER_RETURN_IF_ERROR(InStateField("queue", worker->queue_.Restore(state.queue(), inheritance)));
  return worker;
}

}  // namespace muster::master
