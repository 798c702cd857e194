#include "muster/worker/websocket/wire/frame_header.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/client_frames.h"

namespace muster::worker::websocket {
namespace {

using Outcome = FrameHeaderParser::Outcome;

// What a parser says to the header of `frame`, and after how many bytes.
struct Result {
  Outcome outcome;
  std::size_t bytes;
  std::string error;
};
Result Parse(const ClientFrame& frame, bool is_deflate_agreed = false) {
  const std::string bytes = Encode(frame);
  FrameHeaderParser parser(is_deflate_agreed);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    absl::string_view byte = absl::string_view(bytes).substr(i, 1);
    const Outcome outcome = parser.Parse(byte);
    if (outcome == Outcome::kIncomplete) continue;
    return {outcome, i + 1, std::string(parser.error())};
  }
  return {Outcome::kIncomplete, bytes.size(), ""};
}

TEST(FrameHeaderParser, ReadsEachFormOfLength) {
  for (const std::size_t size : {0, 1, 125, 126, 65535, 65536}) {
    const std::string bytes = Encode({.opcode = 2, .payload = std::string(size, 'x')});
    FrameHeaderParser parser(false);
    absl::string_view input = bytes;
    ASSERT_EQ(parser.Parse(input), Outcome::kHeader);
    EXPECT_EQ(parser.header().payload_bytes, size);
    EXPECT_EQ(input.size(), size);
    EXPECT_EQ(parser.header().opcode, Opcode::kBinary);
    EXPECT_TRUE(parser.header().is_final);
    EXPECT_EQ(parser.header().mask.key()[0], 0x37);
  }
}

TEST(FrameHeaderParser, RefusesLengthsThatAreNotMinimal) {
  EXPECT_EQ(Parse({.payload = std::string(125, 'x'), .length_bytes = 2}).bytes, 4u);
  EXPECT_EQ(Parse({.payload = std::string(125, 'x'), .length_bytes = 2}).outcome,
            Outcome::kRefused);
  EXPECT_EQ(Parse({.payload = std::string(126, 'x'), .length_bytes = 2}).outcome, Outcome::kHeader);
  EXPECT_EQ(Parse({.payload = std::string(65535, 'x'), .length_bytes = 8}).outcome,
            Outcome::kRefused);
  EXPECT_EQ(Parse({.payload = "", .length_bytes = 8}).error, "a length that is not minimal");
}

TEST(FrameHeaderParser, RefusesALengthWithItsHighestBitSet) {
  const std::string bytes("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00", 10);
  absl::string_view input = bytes;
  FrameHeaderParser parser(false);
  EXPECT_EQ(parser.Parse(input), Outcome::kRefused);
  EXPECT_EQ(parser.error(), "a length with its highest bit set");
}

TEST(FrameHeaderParser, RefusesAFrameWithoutAMask) {
  EXPECT_EQ(Parse({.payload = "x", .is_masked = false}).bytes, 2u);
  EXPECT_EQ(Parse({.payload = "x", .is_masked = false}).error, "a frame without a mask");
}

TEST(FrameHeaderParser, RefusesReservedBitsAtTheFirstByte) {
  for (int rsv = 1; rsv <= 7; ++rsv) {
    EXPECT_EQ(Parse({.rsv = rsv}).outcome, Outcome::kRefused) << rsv;
    EXPECT_EQ(Parse({.rsv = rsv}).bytes, 1u);
  }
}

TEST(FrameHeaderParser, TakesRsv1OfAMessagesFirstFrameIfCompressionWasAgreed) {
  EXPECT_EQ(Parse({.opcode = 1, .rsv = 4}, true).outcome, Outcome::kHeader);
  EXPECT_EQ(Parse({.opcode = 2, .rsv = 4}, true).outcome, Outcome::kHeader);
  EXPECT_EQ(Parse({.opcode = 0, .rsv = 4}, true).outcome, Outcome::kRefused);
  EXPECT_EQ(Parse({.opcode = 9, .rsv = 4}, true).outcome, Outcome::kRefused);
  EXPECT_EQ(Parse({.opcode = 1, .rsv = 6}, true).outcome, Outcome::kRefused);
}

TEST(FrameHeaderParser, TakesTheSixOpcodesOnly) {
  for (int opcode = 0; opcode < 16; ++opcode) {
    const bool is_known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    EXPECT_EQ(Parse({.opcode = opcode}).outcome, is_known ? Outcome::kHeader : Outcome::kRefused)
        << opcode;
  }
}

TEST(FrameHeaderParser, RefusesControlFramesThatAreFragmentedOrLong) {
  for (const int opcode : {8, 9, 10}) {
    EXPECT_EQ(Parse({.opcode = opcode, .is_final = false}).bytes, 1u);
    EXPECT_EQ(Parse({.opcode = opcode, .payload = std::string(126, 'x')}).bytes, 2u);
    EXPECT_EQ(Parse({.opcode = opcode, .payload = std::string(125, 'x')}).outcome,
              Outcome::kHeader);
  }
}

// Of the next header, as text: what it says, and after how many bytes.
std::string Next(FrameHeaderParser& parser, absl::string_view bytes, std::size_t piece_bytes) {
  Outcome outcome = Outcome::kIncomplete;
  std::size_t taken = 0;
  while (outcome == Outcome::kIncomplete && taken < bytes.size()) {
    absl::string_view piece = bytes.substr(taken, piece_bytes);
    const std::size_t before = piece.size();
    outcome = parser.Parse(piece);
    taken += before - piece.size();
  }
  const FrameHeader& header = parser.header();
  if (outcome == Outcome::kRefused) return absl::StrCat(taken, " ", parser.error());
  return absl::StrCat(taken, " ", static_cast<int>(header.opcode), " ", header.is_final, " ",
                      header.is_compressed, " ", header.payload_bytes, " ", header.mask.key()[0],
                      " ", header.mask.key()[3], " ", parser.bytes().size());
}

TEST(FrameHeaderParser, SaysTheSameOfAHeaderAtOnceAsOfItsBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      std::string bytes = {static_cast<char>(first), static_cast<char>(second)};
      bytes += std::string("\x00\x80\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a", 12);
      FrameHeaderParser whole(true);
      FrameHeaderParser in_bytes(true);
      ASSERT_EQ(Next(whole, bytes, bytes.size()), Next(in_bytes, bytes, 1))
          << first << " " << second;
    }
  }
}

TEST(FrameHeaderParser, ReadsAShortHeaderBehindALongOne) {
  FrameHeaderParser parser(false);
  const std::string header = Encode({.opcode = 2, .payload = std::string(200, 'x')}).substr(0, 8);
  EXPECT_EQ(Next(parser, header, header.size()), "8 2 1 0 200 55 61 0");
  const std::string next = Encode({.opcode = 1, .payload = "x"});
  EXPECT_EQ(Next(parser, next, next.size()), "6 1 1 0 1 55 61 0");
}

TEST(FrameHeaderParser, KeepsTheBytesOfAnIncompleteHeader) {
  FrameHeaderParser parser(false);
  absl::string_view input("\x81\xfe\x01", 3);
  EXPECT_EQ(parser.Parse(input), Outcome::kIncomplete);
  EXPECT_EQ(parser.bytes(), "\x81\xfe\x01");
  EXPECT_TRUE(input.empty());
}

}  // namespace
}  // namespace muster::worker::websocket
