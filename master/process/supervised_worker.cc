#include "muster/master/process/supervised_worker.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/log/printable.h"
#include "muster/proto/field_error.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {
namespace {

using worker::Command;

constexpr std::chrono::seconds kPatience{1};
// Of the text of a worker.
constexpr std::size_t kMostTextBytes = 4096;

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

// What a worker says of itself may be anything.
std::string TextOf(absl::string_view said) {
  std::string text = log::Printable(said.substr(0, kMostTextBytes));
  log::CutLine(text, kMostTextBytes);
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SupervisedWorker>> SupervisedWorker::Start(
    loop::EventLoop& loop, Log& log, SpawnedWorker spawned, std::uint32_t slot, std::string name,
    Sink sink) {
  std::unique_ptr<SupervisedWorker> worker(
      new SupervisedWorker(loop, log, slot, std::move(name), std::move(spawned.process),
                           std::move(spawned.channel), std::move(sink)));
  absl::Status status = loop.Add(worker->process_.fd(), EPOLLIN, &worker->exit_watch_);
  worker->is_exit_watched_ = status.ok();
  if (status.ok()) {
    status = loop.Add(worker->channel_.fd(), EPOLLIN, &worker->channel_watch_);
    worker->is_channel_open_ = status.ok();
  }
  if (!status.ok()) {
    worker->Signal(SIGKILL);
    (void)worker->process_.Wait(ipc::PidFd::Reap::kYes);
    return status;
  }
  return worker;
}

SupervisedWorker::SupervisedWorker(loop::EventLoop& loop, Log& log, std::uint32_t slot,
                                   std::string name, Child process, ipc::Channel channel, Sink sink)
    : loop_(loop),
      log_(log),
      slot_(slot),
      name_(std::move(name)),
      process_(std::move(process)),
      channel_(std::move(channel)),
      sink_(std::move(sink)),
      channel_watch_([this](std::uint32_t events) { OnChannel(events); }),
      exit_watch_([this](std::uint32_t) { CheckExit(); }),
      patience_(loop, [this] {
        for (const Queued& queued : queue_) FallBack(queued.command);
      }) {}

SupervisedWorker::~SupervisedWorker() {
  UnwatchExit();
  CloseChannel();
}

void SupervisedWorker::Complain(Severity severity, absl::string_view problem) {
  log_.Write(severity, absl::StrCat(name_, " (pid ", pid(), "): ", problem));
}

// ---- Sending ----

absl::StatusOr<ipc::SendOutcome> SupervisedWorker::TrySend(Command command, std::uint32_t sequence,
                                                           absl::string_view payload,
                                                           absl::Span<const int> fds) {
  ipc::Message message;
  message.command = ipc::CommandNumber(command);
  message.flags = sequence == 0 ? 0 : worker::kWantsAck;
  message.sequence = sequence;
  message.slot = static_cast<std::int32_t>(slot_);
  message.payload = payload;
  message.fds = fds;
  return channel_.TrySend(message);
}

void SupervisedWorker::Send(Command command, std::uint32_t sequence, absl::string_view payload,
                            absl::Span<const int> fds) {
  if (!is_channel_open_) {
    FallBack(command);
    return;
  }
  if (!queue_.empty()) {
    Queue(command, sequence, payload, fds);
    return;
  }
  const absl::StatusOr<ipc::SendOutcome> outcome = TrySend(command, sequence, payload, fds);
  if (outcome.ok() && *outcome == ipc::SendOutcome::kSent) return;
  if (outcome.ok() && *outcome == ipc::SendOutcome::kWouldBlock) {
    Queue(command, sequence, payload, fds);
    return;
  }
  if (!outcome.ok()) {
    Complain(Severity::kError, absl::StrCat(worker::CommandName(command),
                                            " was not sent: ", outcome.status().message()));
  }
  FallBack(command);
}

void SupervisedWorker::Queue(Command command, std::uint32_t sequence, absl::string_view payload,
                             absl::Span<const int> fds) {
  Queued queued = {command, sequence, std::string(payload), {}};
  for (int fd : fds) {
    absl::StatusOr<ipc::UniqueFd> copy = ipc::DuplicateFd(fd);
    // Without its descriptors the worker will complain, and not become ready.
    if (copy.ok()) queued.fds.push_back(*std::move(copy));
  }
  if (queue_.size() >= kMostQueued) {
    FallBack(command);
    return;
  }
  queue_.push_back(std::move(queued));
  if (queue_.size() == 1) {
    (void)loop_.Modify(channel_.fd(), EPOLLIN | EPOLLOUT, &channel_watch_);
    patience_.SetAfter(kPatience);
  }
}

void SupervisedWorker::Flush() {
  while (!queue_.empty()) {
    const Queued& next = queue_.front();
    std::vector<int> fds;
    for (const ipc::UniqueFd& fd : next.fds) fds.push_back(fd.get());
    const absl::StatusOr<ipc::SendOutcome> outcome =
        TrySend(next.command, next.sequence, next.payload, fds);
    if (outcome.ok() && *outcome == ipc::SendOutcome::kWouldBlock) return;
    if (!outcome.ok() || *outcome == ipc::SendOutcome::kPeerGone) FallBack(next.command);
    queue_.pop_front();
  }
  patience_.Cancel();
  (void)loop_.Modify(channel_.fd(), EPOLLIN, &channel_watch_);
}

void SupervisedWorker::FallBack(Command command) {
  if (const int signal = SignalOf(command); signal != 0) Signal(signal);
}

void SupervisedWorker::Signal(int signal) {
  const absl::Status status = process_.Send(signal);
  if (!status.ok() && !absl::IsNotFound(status)) {
    Complain(Severity::kError, status.message());
  }
}

// ---- Receiving ----

void SupervisedWorker::OnChannel(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) Flush();
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) Receive(kMessagesPerRound);
}

void SupervisedWorker::Receive(int most) {
  for (int i = 0; i < most && is_channel_open_; ++i) {
    const absl::StatusOr<ipc::ReceiveOutcome> outcome = channel_.TryReceive(&message_);
    if (!outcome.ok()) {
      if (!std::exchange(has_complained_, true)) {
        Complain(Severity::kWarning, outcome.status().message());
      }
      if (!absl::IsInvalidArgument(outcome.status())) return;
    } else if (*outcome == ipc::ReceiveOutcome::kWouldBlock) {
      return;
    } else if (*outcome == ipc::ReceiveOutcome::kPeerGone) {
      CloseChannel();
    } else if (message_.sender.pid == pid()) {
      Take(message_);
    }
  }
}

void SupervisedWorker::Take(const ipc::ReceivedMessage& message) {
  switch (message.command_as<Command>()) {
    case Command::kReady: {
      worker::v1::Ready ready;
      ready.ParseFromString(message.payload);
      // The first version did not tell itself.
      const std::uint32_t protocol = ready.protocol() == 0 ? 1 : ready.protocol();
      if (protocol < worker::kOldestProtocolVersion || protocol > worker::kProtocolVersion) {
        const std::string reason = absl::StrCat("READY: it speaks version ", protocol,
                                                " of the protocol, which the master does not");
        sink_(FailedEvent{slot_, absl::AbortedError(reason)});
        Signal(SIGKILL);
        break;
      }
      sink_(ReadyEvent{slot_, protocol});
      break;
    }
    case Command::kFailed: {
      worker::v1::Failed failed;
      failed.ParseFromString(message.payload);
      absl::Status reason = absl::AbortedError(TextOf(failed.reason()));
      if (!failed.field().empty()) reason = config::AtField(reason, TextOf(failed.field()));
      sink_(FailedEvent{slot_, std::move(reason), std::max(failed.protocol(), 1u)});
      break;
    }
    case Command::kAck: {
      worker::v1::Ack ack;
      if (ack.ParseFromString(message.payload)) {
        sink_(AckedEvent{slot_, ack.sequence(), TextOf(ack.error()), ack.held(), ack.kept()});
      }
      break;
    }
    default:
      // A newer worker may say more than we understand.
      break;
  }
}

void SupervisedWorker::CloseChannel() {
  if (!std::exchange(is_channel_open_, false)) return;
  loop_.Remove(channel_.fd(), &channel_watch_);
  patience_.Cancel();
  queue_.clear();
}

// ---- The end ----

void SupervisedWorker::UnwatchExit() {
  if (std::exchange(is_exit_watched_, false)) loop_.Remove(process_.fd(), &exit_watch_);
}

bool SupervisedWorker::CheckExit() {
  const absl::StatusOr<std::optional<ipc::ProcessExit>> exit =
      process_.TryWait(ipc::PidFd::Reap::kNo);
  if (exit.ok() && !exit->has_value()) return false;
  // Its last words come before its death. They are bounded, for it can send no more.
  Receive(1 << 20);
  CloseChannel();
  UnwatchExit();
  ExitedEvent event{slot_, {}};
  event.exit.pid = pid();
  if (exit.ok()) event.exit = **exit;
  sink_(event);  // destroys this
  return true;
}

void SupervisedWorker::Reap() { (void)process_.TryWait(ipc::PidFd::Reap::kYes); }

}  // namespace muster::master
