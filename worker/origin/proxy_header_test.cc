#include "muster/worker/origin/proxy_header.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/origin/proxy_header_reference.h"

namespace muster::worker {
namespace {

using State = ProxyHeader::State;

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string Number(std::size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
}

std::string Binary(int command, int family, const std::string& rest) {
  return kSignature + static_cast<char>(command) + static_cast<char>(family) + Number(rest.size()) +
         rest;
}

std::string Vector(int type, const std::string& value) {
  return static_cast<char>(type) + Number(value.size()) + value;
}

const std::string kIpv4Pair("\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x00\x50", 12);
const std::string kIpv6Pair = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\x07' +
                              std::string(15, '\0') + '\x01' + "\x12\x34" + Number(80);

// Of a header with a checksum of zeros as its last vector.
std::string WithChecksum(std::string header) {
  const std::uint32_t sum = Crc32cByTheRules(header);
  for (int i = 0; i < 4; ++i) {
    header[header.size() - 4 + static_cast<std::size_t>(i)] =
        static_cast<char>(sum >> (24 - 8 * i));
  }
  return header;
}

const std::string kChecksummed =
    WithChecksum(Binary(0x21, 0x11, kIpv4Pair + Vector(3, std::string(4, '\0'))));

// At each cut, and whatever follows.
void ExpectReads(const std::string& header, const std::string& source) {
  SCOPED_TRACE(absl::CEscape(header));
  for (std::size_t cut = 0; cut < header.size(); ++cut) {
    ASSERT_EQ(ParseProxyHeader(header.substr(0, cut)).state, State::kIncomplete) << cut;
  }
  for (const std::string behind : {"", "\n", "\r\n", "GET / HTTP/1.1\r\n", "PROXY "}) {
    const std::string bytes = header + behind;
    const ProxyHeader read = ParseProxyHeader(bytes);
    ASSERT_EQ(read.state, State::kComplete) << read.problem;
    EXPECT_EQ(read.size_bytes, header.size());
    EXPECT_EQ(read.source.has_value() ? read.source->ToStringWithPort() : "", source);
  }
}

// Refused at this byte, neither before nor later.
void ExpectRefuses(const std::string& header, std::size_t at, const std::string& problem) {
  SCOPED_TRACE(absl::CEscape(header));
  for (std::size_t cut = 0; cut <= header.size(); ++cut) {
    const ProxyHeader read = ParseProxyHeader(header.substr(0, cut));
    ASSERT_EQ(read.state, cut <= at ? State::kIncomplete : State::kInvalid) << cut;
    EXPECT_EQ(read.problem, cut <= at ? "" : problem);
  }
}

TEST(ProxyHeader, OfVersion1HasTheClient) {
  ExpectReads("PROXY TCP4 192.0.2.1 198.51.100.2 4660 80\r\n", "192.0.2.1:4660");
  ExpectReads("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n", "255.255.255.255:65535");
  ExpectReads("PROXY TCP6 2001:DB8::7 ::1 4660 80\r\n", "[2001:db8::7]:4660");
  ExpectReads("PROXY TCP6 ::ffff:192.0.2.1 :: 1 2\r\n", "[::ffff:192.0.2.1]:1");
  ExpectReads(absl::StrCat("PROXY TCP6 ", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ",
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
              "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST(ProxyHeader, OfVersion1MayNotKnowTheClient) {
  ExpectReads("PROXY UNKNOWN\r\n", "");
  ExpectReads("PROXY UNKNOWN \r\n", "");
  ExpectReads("PROXY UNKNOWN ffff::1 whatever \x01\xff\r\n", "");
  ExpectReads("PROXY UNKNOWN " + std::string(107 - 14 - 2, 'x') + "\r\n", "");
}

TEST(ProxyHeader, OfVersion1IsExactlyAsTheRulesSay) {
  const std::string kWord = "names no protocol that version 1 has: TCP4, TCP6, UNKNOWN";
  ExpectRefuses("PROXY TCP5 ", 9, kWord);
  ExpectRefuses("PROXY tcp4 ", 6, kWord);
  ExpectRefuses("PROXY UNKNOWNS\r\n", 13, kWord);
  ExpectRefuses("PROXY  TCP4 ", 6, kWord);
  ExpectRefuses("PROXY TCP4\r\n", 10, "has not two addresses and two ports");
  const auto refuses = [](const std::string& line, const std::string& problem) {
    ExpectRefuses(line + "\r\n", line.size(), problem);
  };
  const std::string kAddress = "has what is no address of its protocol";
  const std::string kPort = "has what is no port";
  const std::string kParts = "has not two addresses and two ports";
  refuses("PROXY TCP4 192.0.2.1 192.0.2.2 1", kParts);
  refuses("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3", kParts);
  refuses("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 ", kParts);
  refuses("PROXY TCP4 192.0.2.1  192.0.2.2 1 2", kParts);
  refuses("PROXY TCP4 192.0.2.01 192.0.2.2 1 2", kAddress);
  refuses("PROXY TCP4 192.0.2.256 192.0.2.2 1 2", kAddress);
  refuses("PROXY TCP4 192.0.2 192.0.2.2 1 2", kAddress);
  refuses("PROXY TCP4 ::1 192.0.2.2 1 2", kAddress);
  refuses("PROXY TCP4 192.0.2.1 ::1 1 2", kAddress);
  refuses("PROXY TCP6 192.0.2.1 ::1 1 2", kAddress);
  refuses("PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2", kAddress);
  refuses("PROXY TCP6 1::2::3 ::1 1 2", kAddress);
  refuses("PROXY TCP6 fe80::1%eth0 ::1 1 2", kAddress);
  refuses(std::string("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2", 35), kAddress);
  refuses("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2", kPort);
  refuses("PROXY TCP4 192.0.2.1 192.0.2.2 01 2", kPort);
  refuses("PROXY TCP4 192.0.2.1 192.0.2.2 1 +2", kPort);
  refuses("PROXY TCP4 192.0.2.1 192.0.2.2 1 ", kPort);
}

TEST(ProxyHeader, OfVersion1EndsInCrLfWithin107Bytes) {
  const std::string line = "PROXY TCP4 192.0.2.1 198.51.100.2 4660 80";
  ExpectRefuses(line + "\n", line.size(), "has a line end that is no CRLF");
  ExpectRefuses(line + "\r\r\n", line.size() + 1, "has a line end that is no CRLF");
  ExpectRefuses("PROXY UNKNOWN " + std::string(200, 'x'), 106, "has no end in 107 bytes");
  ExpectRefuses("PROXY UNKNOWN " + std::string(107 - 14 - 1, 'x') + "\r\n", 106,
                "has no end in 107 bytes");
}

TEST(ProxyHeader, OfVersion2HasTheClient) {
  ExpectReads(Binary(0x21, 0x11, kIpv4Pair), "192.0.2.1:4660");
  ExpectReads(Binary(0x21, 0x21, kIpv6Pair), "[2001:db8::7]:4660");
}

TEST(ProxyHeader, OfVersion2MayNotKnowTheClient) {
  ExpectReads(Binary(0x20, 0x00, ""), "");                     // LOCAL
  ExpectReads(Binary(0x20, 0x11, kIpv4Pair), "");              // whatever it has
  ExpectReads(Binary(0x20, 0xff, "\x01"), "");                 // whatever its family
  ExpectReads(Binary(0x21, 0x00, ""), "");                     // UNSPEC
  ExpectReads(Binary(0x21, 0x00, "\x01\x02"), "");             // and something
  ExpectReads(Binary(0x21, 0x10, ""), "");                     // of no transport
  ExpectReads(Binary(0x21, 0x12, kIpv4Pair), "");              // datagrams
  ExpectReads(Binary(0x21, 0x31, std::string(216, 'a')), "");  // Unix sockets
}

TEST(ProxyHeader, OfVersion2SkipsItsVectors) {
  ExpectReads(
      Binary(0x21, 0x11, kIpv4Pair + Vector(4, "") + Vector(2, "example.org") + Vector(0xee, "x")),
      "192.0.2.1:4660");
  const std::size_t most = kMostProxyHeaderBytes - 16 - 12 - 3;
  ExpectReads(Binary(0x21, 0x11, kIpv4Pair + Vector(4, std::string(most, 'x'))), "192.0.2.1:4660");
}

TEST(ProxyHeader, OfVersion2HasARightChecksumOrNone) {
  ExpectReads(kChecksummed, "192.0.2.1:4660");
  for (std::size_t i = 12; i < kChecksummed.size(); ++i) {
    std::string changed = kChecksummed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const ProxyHeader read = ParseProxyHeader(changed);
    // LOCAL is taken whatever follows; a longer one is not complete; a vector of type 2 is skipped.
    if (i == 12 || i == 14 || i == 28) continue;
    // As datagrams, or of no transport, it has no client.
    if (read.state == State::kComplete && !read.source.has_value()) continue;
    EXPECT_EQ(read.state, State::kInvalid) << i;
  }
  const std::string sum = Vector(3, std::string(4, '\0'));
  const auto refuses = [](const std::string& header, const std::string& problem) {
    ExpectRefuses(header, header.size() - 1, problem);
  };
  refuses(Binary(0x21, 0x11, kIpv4Pair + sum), "has a wrong checksum");
  refuses(Binary(0x21, 0x11, kIpv4Pair + Vector(3, "abc")), "has a checksum that is none");
  refuses(WithChecksum(Binary(0x21, 0x11, kIpv4Pair + sum + sum)), "has a wrong checksum");
}

TEST(ProxyHeader, OfVersion2IsExactlyAsTheRulesSay) {
  ExpectRefuses(Binary(0x11, 0x11, kIpv4Pair), 12, "has a version that is not 2");
  ExpectRefuses(Binary(0x31, 0x11, kIpv4Pair), 12, "has a version that is not 2");
  ExpectRefuses(Binary(0x22, 0x11, kIpv4Pair), 12, "has an unknown command");
  ExpectRefuses(Binary(0x21, 0x41, kIpv4Pair), 13, "has an unknown family or transport");
  ExpectRefuses(Binary(0x21, 0x13, kIpv4Pair), 13, "has an unknown family or transport");
  ExpectRefuses(Binary(0x21, 0x11, kIpv4Pair.substr(1)), 15, "is too short for its addresses");
  ExpectRefuses(Binary(0x21, 0x21, kIpv4Pair), 15, "is too short for its addresses");
  ExpectRefuses(Binary(0x21, 0x31, std::string(215, 'a')), 15, "is too short for its addresses");
  ExpectRefuses(Binary(0x21, 0x11, kIpv4Pair + std::string(kMostProxyHeaderBytes - 27, 'x')), 15,
                "is longer than 16 KiB");
  const std::string cut = Binary(0x21, 0x11, kIpv4Pair + "\x04");
  ExpectRefuses(cut, cut.size() - 1, "ends within a vector");
  const std::string long_value = Binary(0x21, 0x11, kIpv4Pair + "\x04" + Number(9) + "12345678");
  ExpectRefuses(long_value, long_value.size() - 1, "ends within a vector");
}

TEST(ProxyHeader, IsNothingElse) {
  const std::string kNone = "is none of the PROXY protocol";
  ExpectRefuses("GET / HTTP/1.1\r\n", 0, kNone);
  ExpectRefuses("PROX\n", 4, kNone);
  ExpectRefuses("proxy UNKNOWN\r\n", 0, kNone);
  ExpectRefuses("\r\n\r\nGET", 4, kNone);
  ExpectRefuses(kSignature.substr(0, 11) + "\r", 11, kNone);
}

// Texts that are put together from what headers have, and then changed.
TEST(ProxyHeader, IsReadAsByTheSecondReader) {
  const std::vector<std::string> parts = {"PROXY ",
                                          "TCP4 ",
                                          "TCP6 ",
                                          "UNKNOWN",
                                          "UNKNOWN ",
                                          "192.0.2.1",
                                          "::1",
                                          "2001:db8::7",
                                          "::",
                                          "1.2.3.4:5",
                                          " ",
                                          "0",
                                          "80",
                                          "65535",
                                          "65536",
                                          "\r\n",
                                          "\r",
                                          "\n",
                                          ":",
                                          ".",
                                          "f",
                                          kSignature,
                                          "\x21",
                                          "\x20",
                                          "\x11",
                                          "\x21\x21",
                                          Number(12),
                                          Number(36),
                                          Number(0),
                                          kIpv4Pair,
                                          kIpv6Pair,
                                          Vector(4, "abc"),
                                          kChecksummed,
                                          "PROXY TCP4 192.0.2.1 198.51.100.2 4660 80\r\n",
                                          "PROXY TCP6 2001:db8::7 ::1 4660 80\r\n",
                                          "PROXY UNKNOWN\r\n",
                                          Binary(0x21, 0x21, kIpv6Pair + Vector(4, "x"))};
  std::mt19937 random(20260101);
  int complete = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string bytes = i % 2 == 0 ? parts[parts.size() - 1 - random() % 5] : "";
    const std::size_t count = i % 2 == 0 ? 0 : 1 + random() % 8;
    for (std::size_t k = 0; k < count; ++k) bytes += parts[random() % parts.size()];
    for (std::size_t k = random() % 3; k > 0 && !bytes.empty(); --k) {
      bytes[random() % bytes.size()] =
          static_cast<char>(random() % 4 == 0 ? random() : ' ' + random() % 90);
    }
    const ProxyHeader read = ParseProxyHeader(bytes);
    const ProxyHeader again = ReadProxyHeaderByTheRules(bytes);
    ASSERT_EQ(read.state, again.state) << absl::CEscape(bytes);
    ASSERT_EQ(read.size_bytes, again.size_bytes) << absl::CEscape(bytes);
    ASSERT_EQ(read.source, again.source) << absl::CEscape(bytes);
    if (read.state == State::kComplete) ++complete;
  }
  EXPECT_GT(complete, 5000);
}

}  // namespace
}  // namespace muster::worker
