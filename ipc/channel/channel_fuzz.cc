// For libFuzzer: the first byte is how many descriptors a hostile peer sends, the rest is its
// datagram. The channel has to receive exactly what the format allows, and to own nothing of what
// it refuses.

#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {
namespace {

constexpr std::size_t kMostFds = kMaxChannelFds + 4;
constexpr std::size_t kMostBytes = kMaxChannelDatagramBytes + 1000;

void SendRaw(int fd, absl::string_view datagram, std::size_t fd_count) {
  iovec part = {const_cast<char*>(datagram.data()), datagram.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(kMostFds * sizeof(int))] = {};
  if (fd_count > 0) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    for (std::size_t i = 0; i < fd_count; ++i) {
      std::memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof(fd));
    }
  }
  MUSTER_CHECK(::sendmsg(fd, &header, 0) == static_cast<ssize_t>(datagram.size()), "sendmsg");
}

// The number that the next descriptor will get: it rises when one leaks.
int NextFd() {
  const int next = ::dup(STDERR_FILENO);
  MUSTER_CHECK(next >= 0, "dup");
  ::close(next);
  return next;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kMostBytes) return 0;
  const std::size_t fd_count = data[0] % (kMostFds + 1);
  const absl::string_view datagram(reinterpret_cast<const char*>(data) + 1, size - 1);

  static const Channel::Pair pair = *Channel::CreatePair();
  const int next_fd = NextFd();
  SendRaw(pair.first.fd(), datagram, fd_count);
  ReceivedMessage message;
  const auto outcome = pair.second.TryReceive(&message);
  const auto fields = ParseChannelDatagram(datagram, fd_count);
  MUSTER_CHECK(outcome.ok() == fields.ok(), "what the format allows is received, no more");
  MUSTER_CHECK(outcome.ok() || (message.fds.empty() && NextFd() == next_fd), "no descriptor leaks");
  if (!outcome.ok()) return 0;

  MUSTER_CHECK(*outcome == ReceiveOutcome::kReceived, "a datagram is neither nothing nor the end");
  MUSTER_CHECK(message.fds.size() == fd_count, "every descriptor comes");
  MUSTER_CHECK(message.payload == std::string(datagram.substr(sizeof(ChannelHeader))),
               "the payload is all that follows the header");
  MUSTER_CHECK(message.command == fields->command && message.flags == fields->flags &&
                   message.sequence == fields->sequence && message.slot == fields->slot &&
                   message.pid == fields->pid,
               "the fields are those of the header");
  return 0;
}

}  // namespace muster::ipc
