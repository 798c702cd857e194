#include "muster/worker/websocket/wire/frame_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "muster/worker/websocket/wire/client_frames.h"
#include "muster/worker/websocket/wire/close_code.h"
#include "muster/worker/websocket/wire/utf8_check.h"

namespace muster::worker::websocket {
namespace {

TEST(FrameWriter, WritesTheExamplesOfTheRfc) {
  std::string out;
  AppendFrame(out, Opcode::kText, "Hello");
  EXPECT_EQ(out, "\x81\x05Hello");
  out.clear();
  AppendFrameHeader(out, Opcode::kBinary, 256);
  EXPECT_EQ(out, std::string("\x82\x7e\x01\x00", 4));
  out.clear();
  AppendFrameHeader(out, Opcode::kBinary, 65536);
  EXPECT_EQ(out, std::string("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

TEST(FrameWriter, SetsRsv1OfACompressedMessage) {
  std::string out;
  AppendFrame(out, Opcode::kText, "x", /*is_compressed=*/true);
  EXPECT_EQ(out, "\xc1\x01x");
}

TEST(FrameWriter, WritesACloseWithAndWithoutCode) {
  std::string out;
  AppendClose(out, kNormalClosure, "bye");
  EXPECT_EQ(out,
            "\x88\x05\x03\xe8"
            "bye");
  out.clear();
  AppendClose(out, kNoStatusReceived, "");
  EXPECT_EQ(out, std::string("\x88\x00", 2));
}

TEST(FrameWriter, CutsALongReasonBetweenTwoCharacters) {
  std::string reason(122, 'x');
  reason += "\xe2\x82\xac\xe2\x82\xac";
  std::string out;
  AppendClose(out, kNormalClosure, reason);
  absl::string_view rest = out;
  const std::string sent = TakeServerFrame(rest)->payload.substr(2);
  EXPECT_EQ(sent, std::string(122, 'x'));
  EXPECT_TRUE(IsUtf8(sent));
}

TEST(CloseCode, IsSendableOrReserved) {
  for (const int code : {1000, 1003, 1007, 1014, 3000, 4999}) {
    EXPECT_TRUE(IsSendable(static_cast<std::uint16_t>(code))) << code;
  }
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    EXPECT_FALSE(IsSendable(static_cast<std::uint16_t>(code))) << code;
  }
}

}  // namespace
}  // namespace muster::worker::websocket
