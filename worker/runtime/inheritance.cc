#include "muster/worker/runtime/inheritance.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

constexpr std::size_t kMostListeners = 4096;
constexpr std::size_t kMostZones = 4096;

// Waits for a message of the master's; what others sent is dropped.
absl::Status ReceiveFromMaster(const ipc::Channel& channel, pid_t master, ipc::Deadline deadline,
                               ipc::ReceivedMessage* message) {
  for (;;) {
    MUSTER_ASSIGN_OR_RETURN(const ipc::ReceiveOutcome outcome, channel.TryReceive(message));
    switch (outcome) {
      case ipc::ReceiveOutcome::kReceived:
        if (message->sender.pid == master) return absl::OkStatus();
        continue;
      case ipc::ReceiveOutcome::kPeerGone:
        return absl::UnavailableError("the master closed the channel before HELLO");
      case ipc::ReceiveOutcome::kWouldBlock:
        break;
    }
    if (deadline.has_passed()) {
      return absl::DeadlineExceededError("the master sent no HELLO in time");
    }
    pollfd ready = {channel.fd(), POLLIN, 0};
    if (::poll(&ready, 1, deadline.poll_timeout()) < 0 && errno != EINTR) {
      return ipc::ErrnoStatus("poll the channel to the master");
    }
  }
}

// It may not listen yet: that is the master's to begin, before SERVE.
absl::Status PrepareListener(const InheritedListener& listener) {
  int type = 0;
  socklen_t size = sizeof(type);
  if (::getsockopt(listener.fd.get(), SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
      type != SOCK_STREAM) {
    return absl::InvalidArgumentError(
        absl::StrCat("listener ", listener.address, ": its descriptor is no stream socket"));
  }
  const int flags = ::fcntl(listener.fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(listener.fd.get(), F_SETFL, flags | O_NONBLOCK) < 0) {
    return ipc::ErrnoStatus(absl::StrCat("listener ", listener.address, ": fcntl O_NONBLOCK"));
  }
  return absl::OkStatus();
}

absl::Status TakeListeners(ipc::ReceivedMessage* message,
                           std::vector<InheritedListener>* listeners) {
  v1::Listeners payload;
  if (!payload.ParseFromString(message->payload)) {
    return absl::InvalidArgumentError("LISTENERS: its payload is no muster.worker.v1.Listeners");
  }
  const auto count = static_cast<std::size_t>(payload.listener_size());
  if (count != message->fds.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("LISTENERS: ", config::Counted(count, "listener"), ", but ",
                     config::Counted(message->fds.size(), "descriptor")));
  }
  if (listeners->size() + count > kMostListeners) {
    return absl::InvalidArgumentError(
        absl::StrCat("LISTENERS: more than ", kMostListeners, " listeners"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    InheritedListener listener;
    listener.address = payload.listener(static_cast<int>(i)).address();
    listener.fd = std::move(message->fds[i]);
    listener.place = payload.listener(static_cast<int>(i)).place();
    MUSTER_RETURN_IF_ERROR(PrepareListener(listener));
    listeners->push_back(std::move(listener));
  }
  return absl::OkStatus();
}

absl::Status TakeZones(ipc::ReceivedMessage* message, std::vector<InheritedZone>* zones) {
  v1::Zones payload;
  if (!payload.ParseFromString(message->payload)) {
    return absl::InvalidArgumentError("ZONES: its payload is no muster.worker.v1.Zones");
  }
  const auto count = static_cast<std::size_t>(payload.zone_size());
  if (2 * count != message->fds.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ZONES: ", config::Counted(count, "zone"), ", but ",
        config::Counted(message->fds.size(), "descriptor"), "; expected two for each"));
  }
  if (zones->size() + count > kMostZones) {
    return absl::InvalidArgumentError(absl::StrCat("ZONES: more than ", kMostZones, " zones"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    zones->push_back({payload.zone(static_cast<int>(i)).name(), std::move(message->fds[2 * i]),
                      std::move(message->fds[2 * i + 1])});
  }
  return absl::OkStatus();
}

// The newest version that both speak.
absl::StatusOr<std::uint32_t> AgreeOnProtocol(const v1::Hello& hello) {
  const std::uint32_t oldest = hello.version();
  const std::uint32_t newest = std::max(oldest, hello.newest_version());
  if (oldest > kProtocolVersion || newest < kOldestProtocolVersion) {
    const std::string theirs =
        oldest == newest ? absl::StrCat(oldest) : absl::StrCat(oldest, " to ", newest);
    return absl::FailedPreconditionError(absl::StrCat(
        "HELLO: the master speaks version ", theirs, " of the protocol, this worker versions ",
        kOldestProtocolVersion, " to ", kProtocolVersion));
  }
  const std::uint32_t agreed = std::min(newest, kProtocolVersion);
  if (agreed >= kServeVersion && !hello.has_index()) {
    return absl::InvalidArgumentError("HELLO: the worker's number is missing");
  }
  return agreed;
}

absl::Status TakeHello(ipc::ReceivedMessage* message, Inheritance* inheritance) {
  v1::Hello& hello = inheritance->hello;
  if (!hello.ParseFromString(message->payload)) {
    return absl::InvalidArgumentError("HELLO: its payload is no muster.worker.v1.Hello");
  }
  MUSTER_ASSIGN_OR_RETURN(inheritance->protocol, AgreeOnProtocol(hello));
  if (message->fds.size() != 4) {
    return absl::InvalidArgumentError(
        absl::StrCat("HELLO: ", config::Counted(message->fds.size(), "descriptor"),
                     ", expected 4: the shared zone, the configuration and the ends of "
                     "the handoff queue"));
  }
  if (hello.listeners() != inheritance->listeners.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("HELLO: ", config::Counted(hello.listeners(), "listener"), " sent, ",
                     inheritance->listeners.size(), " arrived"));
  }
  if (hello.zones() != inheritance->zones.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("HELLO: ", config::Counted(hello.zones(), "zone"), " sent, ",
                     inheritance->zones.size(), " arrived"));
  }
  inheritance->zone = std::move(message->fds[0]);
  inheritance->config = std::move(message->fds[1]);
  inheritance->handoff_take = std::move(message->fds[2]);
  inheritance->handoff_give = std::move(message->fds[3]);
  inheritance->logs = ReceivedLogs::Inherit(hello);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Inheritance> ReceiveInheritance(const ipc::Channel& channel, pid_t master,
                                               absl::Duration timeout) {
  const ipc::Deadline deadline = ipc::Deadline::After(timeout);
  Inheritance inheritance;
  ipc::ReceivedMessage message;
  for (;;) {
    MUSTER_RETURN_IF_ERROR(ReceiveFromMaster(channel, master, deadline, &message));
    const Command command = message.command_as<Command>();
    if (command == Command::kListeners) {
      MUSTER_RETURN_IF_ERROR(TakeListeners(&message, &inheritance.listeners));
    } else if (command == Command::kZones) {
      MUSTER_RETURN_IF_ERROR(TakeZones(&message, &inheritance.zones));
    } else if (command == Command::kHello) {
      MUSTER_RETURN_IF_ERROR(TakeHello(&message, &inheritance));
      return inheritance;
    } else {
      return absl::InvalidArgumentError(absl::StrCat("command ", message.command, " (",
                                                     CommandName(command),
                                                     "), expected LISTENERS, ZONES or HELLO"));
    }
  }
}

}  // namespace muster::worker
