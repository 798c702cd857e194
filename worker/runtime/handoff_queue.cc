#include "muster/worker/runtime/handoff_queue.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

// Moves the connection out of a message.
absl::Status Unpack(ipc::ReceivedMessage& message, Connection* connection) {
  if (message.command_as<Command>() != Command::kAdopt) {
    return absl::InvalidArgumentError(
        absl::StrCat("command ", message.command, ", expected ADOPT"));
  }
  if (message.sender.uid != ::geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat("ADOPT: from user ", message.sender.uid));
  }
  if (message.fds.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("ADOPT: ", config::Counted(message.fds.size(), "descriptor"), ", expected 1"));
  }
  connection->fd = std::move(message.fds[0]);
  connection->peer_bytes = sizeof(connection->peer);
  if (::getpeername(connection->fd.get(), reinterpret_cast<sockaddr*>(&connection->peer),
                    &connection->peer_bytes) != 0) {
    return ipc::ErrnoStatus("ADOPT: getpeername");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<HandoffQueue>> HandoffQueue::Create(const Surroundings& surroundings,
                                                                   ipc::UniqueFd take,
                                                                   ipc::UniqueFd give,
                                                                   Adopt adopt) {
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel take_channel, ipc::Channel::Adopt(std::move(take)));
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel give_channel, ipc::Channel::Adopt(std::move(give)));
  return std::unique_ptr<HandoffQueue>(new HandoffQueue(surroundings, std::move(take_channel),
                                                        std::move(give_channel), std::move(adopt)));
}

HandoffQueue::HandoffQueue(const Surroundings& surroundings, ipc::Channel take, ipc::Channel give,
                           Adopt adopt)
    : around_(surroundings),
      take_(std::move(take)),
      give_(std::move(give)),
      adopt_(std::move(adopt)),
      take_end_([this] {
        for (int i = 0; i < kMostPerRound && TakeOne(); ++i) {
        }
      }),
      give_end_([this] { SendAll(); }) {}

HandoffQueue::~HandoffQueue() {
  StopTaking();
  WatchRoom(false);
}

void HandoffQueue::Give(Connection connection, std::string state) {
  MUSTER_CHECK(state.size() <= kMostHandoffStateBytes,
               "a service's state is larger than a message");
  unsent_.push_back({std::move(connection), std::move(state)});
  if (unsent_.size() == 1) SendAll();
}

void HandoffQueue::SendAll() {
  while (!unsent_.empty()) {
    const Unsent& first = unsent_.front();
    const int fd = first.connection.fd.get();
    ipc::Message message;
    message.command = ipc::CommandNumber(Command::kAdopt);
    message.pid = ::getpid();
    message.payload = first.state;
    message.fds = absl::MakeConstSpan(&fd, 1);
    const auto outcome = give_.TrySend(message);
    if (outcome.ok() && *outcome == ipc::SendOutcome::kWouldBlock) break;
    if (outcome.ok() && *outcome == ipc::SendOutcome::kSent) {
      around_.stats.handed_off.Add();
    } else {
      around_.log.Write(
          config::v1::Log::ERROR,
          absl::StrCat("a connection could not be handed off and is closed: ",
                       outcome.ok() ? "nobody takes it" : outcome.status().message()));
    }
    unsent_.pop_front();
  }
  WatchRoom(!unsent_.empty());
}

void HandoffQueue::WatchRoom(bool is_watched) {
  if (is_watched == watches_room_) return;
  if (!is_watched) {
    around_.loop.Remove(give_.fd(), &give_end_);
  } else if (const absl::Status status = around_.loop.Add(give_.fd(), EPOLLOUT, &give_end_);
             !status.ok()) {
    around_.log.Write(config::v1::Log::ERROR, absl::StrCat("handoff: ", status.message()));
    return;
  }
  watches_room_ = is_watched;
}

absl::Status HandoffQueue::StartTaking() {
  if (is_taking_) return absl::OkStatus();
  // Exclusive: a connection wakes one of those who wait for it.
  MUSTER_RETURN_IF_ERROR(
      around_.loop.Add(take_.fd(), EPOLLIN | std::uint32_t{EPOLLEXCLUSIVE}, &take_end_));
  is_taking_ = true;
  return absl::OkStatus();
}

void HandoffQueue::StopTaking() {
  if (!is_taking_) return;
  is_taking_ = false;
  around_.loop.Remove(take_.fd(), &take_end_);
}

void HandoffQueue::TakeBack() {
  WatchRoom(false);
  for (Unsent& unsent : std::exchange(unsent_, {})) {
    adopt_(std::move(unsent.connection), std::move(unsent.state));
  }
}

void HandoffQueue::TakeAll() {
  while (TakeOne()) {
  }
}

bool HandoffQueue::TakeOne() {
  const auto outcome = take_.TryReceive(&received_);
  if (outcome.ok() && *outcome != ipc::ReceiveOutcome::kReceived) return false;
  Connection connection;
  absl::Status status = outcome.status();
  const bool is_only_this_message =
      outcome.ok() || absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status);
  if (status.ok()) status = Unpack(received_, &connection);
  received_.fds.clear();
  if (!status.ok()) {
    around_.log.Write(config::v1::Log::ERROR, absl::StrCat("handoff: ", status.message()));
    return is_only_this_message;
  }
  connection.lease = around_.connections.Take();
  around_.stats.adopted.Add();
  adopt_(std::move(connection), received_.payload);
  return true;
}

}  // namespace muster::worker
