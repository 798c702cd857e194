// What a channel does with what no channel would send.

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/ipc/channel/test_pair.h"
#include "muster/ipc/testing/open_fds.h"

namespace muster::ipc {
namespace {

void SendRaw(int fd, absl::string_view bytes, absl::Span<const int> fds = {}) {
  iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size() * sizeof(int));
  }
  ASSERT_EQ(::sendmsg(fd, &header, 0), static_cast<ssize_t>(bytes.size()));
}

std::string Header(std::uint16_t fd_count) {
  ChannelHeader header = {};
  header.magic = kChannelMagic;
  header.version = kChannelVersion;
  header.fd_count = fd_count;
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header));
}

TEST(Channel, RefusesGarbageAndClosesWhatCameWithIt) {
  const Channel::Pair pair = MakePair();
  const int fds[] = {STDERR_FILENO, STDERR_FILENO};
  const int open_before = CountOpenFds();
  SendRaw(pair.first.fd(), std::string(100, 'g'), fds);
  ReceivedMessage message;
  EXPECT_EQ(pair.second.TryReceive(&message).status(),
            absl::InvalidArgumentError("channel datagram: magic is 67676767, expected 4e48434d"));
  EXPECT_TRUE(message.fds.empty());
  EXPECT_EQ(CountOpenFds(), open_before);
}

TEST(Channel, RefusesAnOversizedDatagramAndClosesWhatCameWithIt) {
  const Channel::Pair pair = MakePair();
  const int fds[] = {STDERR_FILENO};
  const int open_before = CountOpenFds();
  SendRaw(pair.first.fd(), Header(1) + std::string(kMaxChannelPayloadBytes + 1, 'x'), fds);
  ReceivedMessage message;
  EXPECT_EQ(
      pair.second.TryReceive(&message).status(),
      absl::InvalidArgumentError("channel datagram: larger than the 65564 bytes that are allowed"));
  EXPECT_EQ(CountOpenFds(), open_before);
}

TEST(Channel, RefusesTooManyDescriptorsAndClosesThem) {
  const Channel::Pair pair = MakePair();
  const std::vector<int> fds(40, STDERR_FILENO);
  const int open_before = CountOpenFds();
  SendRaw(pair.first.fd(), Header(40), fds);
  ReceivedMessage message;
  EXPECT_EQ(pair.second.TryReceive(&message).status(),
            absl::InvalidArgumentError("channel datagram: more than 16 descriptors"));
  EXPECT_EQ(CountOpenFds(), open_before);
}

TEST(Channel, RefusesAnEmptyDatagramWhichIsNotTheEnd) {
  const Channel::Pair pair = MakePair();
  SendRaw(pair.first.fd(), "");
  ReceivedMessage message;
  EXPECT_EQ(
      pair.second.TryReceive(&message).status(),
      absl::InvalidArgumentError("channel datagram: size in bytes is 0, expected at least 28"));
}

TEST(Channel, ReceivesTheMessageAfterARefusedOne) {
  const Channel::Pair pair = MakePair();
  SendRaw(pair.first.fd(), "garbage");
  ASSERT_TRUE(pair.first.Send({.command = 6}).ok());
  ReceivedMessage message;
  ASSERT_FALSE(pair.second.TryReceive(&message).ok());
  ASSERT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.command, 6);
}

}  // namespace
}  // namespace muster::ipc
