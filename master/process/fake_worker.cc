// Speaks the worker's side of the protocol for tests of the master, and misbehaves as the variable
// FAKE_WORKER in its environment says.

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
        if (manner == "hopeless") return 2;
        if (manner == "old" && !do_listen) {
          worker::v1::Failed failed;
          failed.set_reason("its descriptor is no listening socket");
          Say(channel, Command::kFailed, failed.SerializeAsString());
          return 2;
        }
        if (manner != "silent") Say(channel, Command::kReady, ReadyOf(manner));
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
        if (manner == "mute") break;
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
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const char* variable = ::getenv("FAKE_WORKER");
  const std::string manner = variable == nullptr ? "" : variable;
  ::signal(SIGUSR1, SIG_IGN);
  if (manner == "deaf") {
    ::signal(SIGTERM, SIG_IGN);
    ::signal(SIGQUIT, SIG_IGN);
  }
  auto channel = muster::ipc::Channel::Adopt(muster::ipc::UniqueFd(muster::worker::kChannelFd));
  if (!channel.ok()) return 9;
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
