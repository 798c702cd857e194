#include "muster/ipc/channel/channel_format.h"

#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

ChannelHeader ValidHeader() {
  ChannelHeader header = {};
  header.magic = kChannelMagic;
  header.version = kChannelVersion;
  header.command = 7;
  header.flags = 3;
  header.fd_count = 2;
  header.sequence = 99;
  header.slot = -1;
  header.pid = 1234;
  header.payload_bytes = 5;
  return header;
}

std::string Datagram(const ChannelHeader& header, absl::string_view payload = "hello") {
  std::string datagram(sizeof(header), '\0');
  std::memcpy(datagram.data(), &header, sizeof(header));
  datagram.append(payload.data(), payload.size());
  return datagram;
}

absl::Status Refusal(const ChannelHeader& header) {
  return ParseChannelDatagram(Datagram(header), 2).status();
}

TEST(ParseChannelDatagram, ReadsEveryField) {
  const auto header = ParseChannelDatagram(Datagram(ValidHeader()), 2);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->command, 7);
  EXPECT_EQ(header->flags, 3);
  EXPECT_EQ(header->fd_count, 2);
  EXPECT_EQ(header->sequence, 99u);
  EXPECT_EQ(header->slot, -1);
  EXPECT_EQ(header->pid, 1234);
  EXPECT_EQ(header->payload_bytes, 5u);
}

TEST(ParseChannelDatagram, RefusesEveryPrefixOfADatagram) {
  const std::string whole = Datagram(ValidHeader());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ParseChannelDatagram(absl::string_view(whole).substr(0, size), 2).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
}

TEST(ParseChannelDatagram, NamesTheSizeOfADatagramWithoutAWholeHeader) {
  EXPECT_EQ(ParseChannelDatagram("garbage", 0).status().message(),
            "channel datagram: size in bytes is 7, expected at least 28");
}

TEST(ParseChannelDatagram, NamesAWrongMagic) {
  ChannelHeader header = ValidHeader();
  header.magic = 0xabcd;
  EXPECT_EQ(Refusal(header).message(), "channel datagram: magic is abcd, expected 4e48434d");
}

TEST(ParseChannelDatagram, NamesAWrongVersion) {
  ChannelHeader header = ValidHeader();
  header.version = 2;
  EXPECT_EQ(Refusal(header).message(), "channel datagram: version is 2, expected 1");
}

TEST(ParseChannelDatagram, NamesAWrongPayloadSize) {
  ChannelHeader header = ValidHeader();
  header.payload_bytes = 0xffffffff;
  EXPECT_EQ(Refusal(header).message(),
            "channel datagram: payload size in bytes is 4294967295, expected 5, which follow the "
            "header");
}

TEST(ParseChannelDatagram, NamesAWrongDescriptorCount) {
  ChannelHeader header = ValidHeader();
  header.fd_count = 3;
  EXPECT_EQ(Refusal(header).message(),
            "channel datagram: descriptor count is 3, expected 2, which came");
}

TEST(ParseChannelDatagram, RefusesMoreThanTheLargestPayload) {
  ChannelHeader header = ValidHeader();
  header.payload_bytes = kMaxChannelPayloadBytes + 1;
  const std::string payload(kMaxChannelPayloadBytes + 1, 'x');
  EXPECT_EQ(ParseChannelDatagram(Datagram(header, payload), 2).status().message(),
            "channel datagram: payload size in bytes is 65537, expected at most 65536");
}

TEST(ParseChannelDatagram, RefusesMoreThanTheMostDescriptors) {
  ChannelHeader header = ValidHeader();
  header.fd_count = 17;
  EXPECT_EQ(ParseChannelDatagram(Datagram(header), 17).status().message(),
            "channel datagram: descriptor count is 17, expected at most 16");
}

}  // namespace
}  // namespace muster::ipc
