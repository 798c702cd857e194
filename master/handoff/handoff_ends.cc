#include "muster/master/handoff/handoff_ends.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/aside/close_aside.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

// That the kernel lets into one message: SCM_MAX_FD of net/scm.h. Ours have one each.
constexpr std::size_t kMostFds = 253;

// Of the descriptors in the next message, whoever sent it, as far as this process may have more.
std::vector<ipc::UniqueFd> CopiesOfNext(int socket) {
  char byte;
  alignas(cmsghdr) char control[CMSG_SPACE(kMostFds * sizeof(int)) + CMSG_SPACE(sizeof(ucred))];
  iovec part = {&byte, sizeof(byte)};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  std::vector<ipc::UniqueFd> copies;
  const ssize_t size = ipc::RetryOnEintr(
      [&] { return ::recvmsg(socket, &header, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC); });
  if (size < 0) return copies;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t bytes = part->cmsg_len - CMSG_LEN(0);
    for (std::size_t at = 0; at < bytes; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
      copies.emplace_back(fd);
    }
  }
  return copies;
}

// A TCP connection does not linger after this. In another socket, a connection that does may wait.
bool ClosesAtOnce(const ipc::UniqueFd& fd) {
  const linger off = {};
  int domain = AF_UNSPEC;
  socklen_t size = sizeof(domain);
  ::getsockopt(fd.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size);
  return (domain == AF_INET || domain == AF_INET6) &&
         ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &off, sizeof(off)) == 0;
}

}  // namespace

absl::StatusOr<HandoffEnds> HandoffEnds::Create() {
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair ends, ipc::Channel::CreatePair());
  return HandoffEnds(std::move(ends));
}

absl::StatusOr<HandoffEnds> HandoffEnds::Adopt(ipc::UniqueFd take, ipc::UniqueFd give) {
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel first, ipc::Channel::Adopt(std::move(take)));
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel second, ipc::Channel::Adopt(std::move(give)));
  return HandoffEnds({std::move(first), std::move(second)});
}

bool HandoffEnds::Give(int connection, const std::string& state) const {
  ipc::Message message;
  message.command = ipc::CommandNumber(worker::Command::kAdopt);
  message.flags = worker::kIsFresh;
  message.pid = ::getpid();
  message.payload = state;
  message.fds = absl::MakeConstSpan(&connection, 1);
  const absl::StatusOr<ipc::SendOutcome> outcome = ends_.second.TrySend(message);
  return outcome.ok() && *outcome == ipc::SendOutcome::kSent;
}

std::size_t HandoffEnds::CloseAll() const {
  std::size_t closed = 0;
  ipc::ReceivedMessage message;
  std::vector<ipc::UniqueFd> aside;
  while (true) {
    // As long as there are these, the receipt closes none for the last time.
    std::vector<ipc::UniqueFd> copies = CopiesOfNext(ends_.first.fd());
    const auto outcome = ends_.first.TryReceive(&message);
    // What is malformed, or has no room here, is dropped by the receipt.
    const bool is_dropped =
        absl::IsInvalidArgument(outcome.status()) || absl::IsResourceExhausted(outcome.status());
    message.fds.clear();
    for (ipc::UniqueFd& copy : copies) {
      if (!ClosesAtOnce(copy)) aside.push_back(std::move(copy));
    }
    if (!is_dropped && (!outcome.ok() || *outcome != ipc::ReceiveOutcome::kReceived)) break;
    ++closed;
  }
  CloseAside(std::move(aside));
  return closed;
}

}  // namespace muster::master
