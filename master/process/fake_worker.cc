// Speaks the worker's side of the protocol for tests of the master, and misbehaves as the variable
// FAKE_WORKER in its environment says.

#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/protocol/command.h"

namespace muster {
namespace {

using worker::Command;

// Writable in a handler of signals.
const ipc::Channel* channel_to_master = nullptr;

void SayReadyOnSignal(int) {
  ipc::Message message;
  message.command = ipc::CommandNumber(Command::kReady);
  (void)channel_to_master->TrySend(message);
}

// Without end: only SIGKILL ends it.
[[noreturn]] void Sleep() {
  for (;;) ::pause();
}

void Say(const ipc::Channel& channel, Command command, const std::string& payload) {
  ipc::Message message;
  message.command = ipc::CommandNumber(command);
  message.payload = payload;
  if (!channel.Send(message).ok()) ::_exit(9);
}

bool Listens(int fd) {
  int listens = 0;
  socklen_t size = sizeof(listens);
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

void Acknowledge(const ipc::Channel& channel, const ipc::ReceivedMessage& message) {
  if ((message.flags & worker::kWantsAck) == 0) return;
  worker::v1::Ack ack;
  ack.set_sequence(message.sequence);
  Say(channel, Command::kAck, ack.SerializeAsString());
}

// As one of the first version of the protocol does if it is "old".
std::string ReadyOf(const std::string& manner) {
  worker::v1::Ready ready;
  if (manner == "future")
    ready.set_protocol(worker::kProtocolVersion + 1);
  else if (manner != "old")
    ready.set_protocol(worker::kProtocolVersion);
  return ready.SerializeAsString();
}

// A connection with more bytes to send than anybody takes. Who closes it last waits for them for an
// hour.
int LingeringSocket() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const linger hour = {1, 3600};
  const std::string bytes(1 << 20, 'x');
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 1) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::connect(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)) != 0) {
    ::_exit(9);
  }
  while (::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
  return socket;
}

// Leaves the descriptor to the message, if it can be sent.
void GiveAway(const ipc::Channel& channel, int fd) {
  ipc::Message message;
  message.command = ipc::CommandNumber(Command::kReady);
  message.fds = absl::MakeConstSpan(&fd, 1);
  const auto outcome = channel.Send(message);
  if (outcome.ok() && *outcome == ipc::SendOutcome::kSent) ::close(fd);
}

int Obey(const ipc::Channel& channel, const std::string& manner) {
  ipc::ReceivedMessage message;
  bool do_listen = true;  // all listeners
  for (;;) {
    const auto outcome = channel.Receive(&message);
    if (!outcome.ok() || *outcome == ipc::ReceiveOutcome::kPeerGone) return 0;
    switch (message.command_as<Command>()) {
      case Command::kHello:
        if (manner == "fails") {
          worker::v1::Failed failed;
          failed.set_reason("it cannot work today");
          Say(channel, Command::kFailed, failed.SerializeAsString());
          return 1;
        }
        if (manner == "garbled") {
          worker::v1::Failed failed;
          failed.set_reason("caf\xe9\n2026-11-26 error   all is lost\x1b[31m");
          Say(channel, Command::kFailed, failed.SerializeAsString());
          return 1;
        }
        if (manner == "hopeless") return 2;
        if (manner == "old" && !do_listen) {
          worker::v1::Failed failed;
          failed.set_reason("its descriptor is no listening socket");
          Say(channel, Command::kFailed, failed.SerializeAsString());
          return 2;
        }
        if (manner == "gives" || manner == "gives and dies") {
          GiveAway(channel, LingeringSocket());
          GiveAway(channel, LingeringSocket());
          ::raise(manner == "gives" ? SIGSTOP : SIGKILL);
        }
        while (manner == "floods") Say(channel, Command::kReady, "");
        if (manner == "first is old") {
          // It drains without end; the others are silent.
          worker::v1::Hello hello;
          if (!hello.ParseFromString(message.payload)) return 9;
          if (hello.index() == 0) Say(channel, Command::kReady, "");
          break;
        }
        if (manner != "silent") Say(channel, Command::kReady, ReadyOf(manner));
        if (manner == "ready and gone") ::raise(SIGKILL);
        if (manner == "deaf") Sleep();
        break;
      case Command::kListeners:
        for (const ipc::UniqueFd& fd : message.fds) do_listen = do_listen && Listens(fd.get());
        break;
      case Command::kServe:
        if (manner == "old") return 8;
        [[fallthrough]];
      case Command::kReopen:
        Acknowledge(channel, message);
        break;
      case Command::kDrain:
        if (manner == "mute" || manner == "first is old") break;
        Acknowledge(channel, message);
        return 0;
      case Command::kQuit:
      case Command::kTerminate:
        return 0;
      default:
        break;
    }
  }
}

}  // namespace
}  // namespace muster

int main() {
  const char* variable = ::getenv("FAKE_WORKER");
  const std::string manner = variable == nullptr ? "" : variable;
  // The thread that started it ends when the master executes another program.
  if (manner != "outlives") ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGUSR1, SIG_IGN);
  if (manner == "deaf") {
    ::signal(SIGTERM, SIG_IGN);
    ::signal(SIGQUIT, SIG_IGN);
  }
  auto channel = muster::ipc::Channel::Adopt(muster::ipc::UniqueFd(muster::worker::kChannelFd));
  if (!channel.ok()) return 9;
  if (manner == "hears") {
    muster::channel_to_master = &*channel;
    ::signal(SIGUSR1, muster::SayReadyOnSignal);
    muster::Sleep();
  }
  if (manner == "closes") {
    // Tells by the end of the channel that it is gone.
    { const auto closed = std::move(*channel).Release(); }
    muster::Sleep();
  }
  if (manner == "late") {
    sigset_t start;
    ::sigemptyset(&start);
    ::sigaddset(&start, SIGUSR2);
    ::sigprocmask(SIG_BLOCK, &start, nullptr);
    muster::Say(*channel, muster::worker::Command::kReady, "");
    int number = 0;
    ::sigwait(&start, &number);
  }
  return muster::Obey(*channel, manner);
}
