#include "muster/worker/websocket/wire/server_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/worker/websocket/wire/client_frames.h"
#include "muster/worker/websocket/wire/echo_end.h"

namespace muster::worker::websocket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Event = ServerEnd::Event;

class ServerEndTest : public ::testing::Test {
 protected:
  Event Next(const std::string& bytes) {
    absl::string_view input = bytes;
    return end_.Next(input, out_);
  }
  std::vector<std::string> TakeFrames() {
    std::vector<std::string> frames;
    absl::string_view rest = out_;
    while (const auto frame = TakeServerFrame(rest)) frames.push_back(Describe(*frame));
    out_.clear();
    return frames;
  }

  const std::unique_ptr<MessageDeflate> deflate_ = *MessageDeflate::Create(6);
  const ServerEnd::Share share_ = {.bounds = {.max_frame_bytes = 100, .max_message_bytes = 150},
                                   .deflate = deflate_.get(),
                                   .least_compressed_bytes = 20};
  ServerEnd end_{share_};
  std::string out_;
};

TEST_F(ServerEndTest, TellsOneEventAfterTheOther) {
  const std::string bytes =
      Text("one") + Ping("p") + Pong("q") + Binary("two") + Close(1001, "bye");
  absl::string_view input = bytes;
  EXPECT_EQ(end_.Next(input, out_), Event::kText);
  EXPECT_EQ(end_.payload(), "one");
  EXPECT_EQ(end_.Next(input, out_), Event::kPing);
  EXPECT_EQ(end_.payload(), "p");
  EXPECT_EQ(end_.Next(input, out_), Event::kPong);
  EXPECT_EQ(end_.payload(), "q");
  EXPECT_EQ(end_.Next(input, out_), Event::kBinary);
  EXPECT_EQ(end_.payload(), "two");
  EXPECT_EQ(end_.Next(input, out_), Event::kClosed);
  EXPECT_EQ(end_.close_code(), kGoingAway);
  EXPECT_EQ(end_.payload(), "bye");
  EXPECT_TRUE(end_.is_over());
  EXPECT_THAT(TakeFrames(), ElementsAre("pong p", "close 1001"));
}

TEST_F(ServerEndTest, RefusesALongFrameByItsHeader) {
  const std::string frame = Text(std::string(101, 'x'));
  EXPECT_EQ(Next(frame.substr(0, 6)), Event::kFailed);
  EXPECT_EQ(end_.close_code(), kMessageTooBig);
  EXPECT_THAT(TakeFrames(), ElementsAre("close 1009"));
}

TEST_F(ServerEndTest, RefusesAFrameThatWouldMakeItsMessageTooLong) {
  EXPECT_EQ(Next(Text(std::string(100, 'x'), false)), Event::kNone);
  EXPECT_EQ(Next(Continuation(std::string(51, 'x')).substr(0, 6)), Event::kFailed);
  EXPECT_EQ(end_.close_code(), kMessageTooBig);
}

TEST_F(ServerEndTest, TakesAMessageOfTheMostBytes) {
  EXPECT_EQ(Next(Text(std::string(100, 'x'), false)), Event::kNone);
  EXPECT_EQ(Next(Continuation(std::string(50, 'x'))), Event::kText);
}

TEST_F(ServerEndTest, RefusesALengthOf2To63) {
  EXPECT_EQ(Next(std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff....", 14)), Event::kFailed);
  EXPECT_EQ(end_.close_code(), kMessageTooBig);
}

TEST_F(ServerEndTest, DropsWhatComesAfterItsOwnCloseUntilTheClients) {
  ASSERT_TRUE(end_.Close(kGoingAway, "soon", out_).ok());
  EXPECT_THAT(TakeFrames(), ElementsAre("close 1001"));
  EXPECT_TRUE(end_.is_closing());
  EXPECT_FALSE(end_.is_over());
  EXPECT_EQ(Next(Text("late") + Text("fragment", false)), Event::kNone);
  EXPECT_EQ(Next(Continuation("\xff")), Event::kNone);
  EXPECT_EQ(Next(Close(1001)), Event::kClosed);
  EXPECT_TRUE(end_.is_over());
  EXPECT_THAT(TakeFrames(), IsEmpty());
}

TEST_F(ServerEndTest, AnswersPingsUntilTheClientsClose) {
  ASSERT_TRUE(end_.Close(kGoingAway, "soon", out_).ok());
  EXPECT_EQ(Next(Ping("a") + Text("late", false) + Ping("b") + Pong("c")), Event::kNone);
  EXPECT_THAT(TakeFrames(), ElementsAre("close 1001", "pong a", "pong b"));
  EXPECT_EQ(Next(Close(1001) + Ping("c")), Event::kClosed);
  EXPECT_EQ(Next(Ping("d")), Event::kNone);
  EXPECT_THAT(TakeFrames(), IsEmpty());
}

TEST_F(ServerEndTest, ChecksTheProtocolAlsoAfterItsOwnClose) {
  ASSERT_TRUE(end_.Close(kNormalClosure, "", out_).ok());
  TakeFrames();
  EXPECT_EQ(Next(Continuation("of nothing")), Event::kFailed);
  EXPECT_THAT(TakeFrames(), IsEmpty());
}

TEST_F(ServerEndTest, SendsNothingOnceItIsClosing) {
  ASSERT_TRUE(end_.Close(kNormalClosure, "", out_).ok());
  ASSERT_TRUE(end_.Close(kGoingAway, "", out_).ok());
  ASSERT_TRUE(end_.SendText("late", out_).ok());
  end_.SendBinary("late", out_);
  ASSERT_TRUE(end_.SendPing("", out_).ok());
  EXPECT_THAT(TakeFrames(), ElementsAre("close 1000"));
}

TEST_F(ServerEndTest, RefusesToSendWhatTheProtocolForbids) {
  EXPECT_EQ(end_.SendText("\xff", out_).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(end_.SendPing(std::string(126, 'x'), out_).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(end_.SendPong(std::string(126, 'x'), out_).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(end_.Close(kNoStatusReceived, "", out_).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(end_.Close(1000, "\xff", out_).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(TakeFrames(), IsEmpty());
}

TEST_F(ServerEndTest, KeepsTheMessageWhileItIsAnsweredByAClose) {
  ASSERT_EQ(Next(Text("still here")), Event::kText);
  ASSERT_TRUE(end_.Close(kNormalClosure, "", out_).ok());
  EXPECT_EQ(end_.payload(), "still here");
}

// ---- Compression ----

std::string Compressed(MessageDeflate& deflate, const std::string& text) {
  std::string compressed;
  MUSTER_CHECK(deflate.Compress(text, 15, compressed), "a text that gets shorter");
  return compressed;
}

TEST_F(ServerEndTest, DecompressesAMessageAndCompressesItsEcho) {
  const std::string text(100, 'x');
  EchoEnd server(share_, {.window_bits = 15});
  server.ReceiveInPieces(Encode({.payload = Compressed(*deflate_, text), .rsv = 4}), 1, true);
  absl::string_view output = server.output();
  const auto frame = TakeServerFrame(output);
  ASSERT_TRUE(frame.has_value());
  EXPECT_TRUE(frame->is_compressed);
  std::string echoed;
  EXPECT_EQ(deflate_->Decompress(frame->payload, 1000, echoed), MessageDeflate::Outcome::kWhole);
  EXPECT_EQ(echoed, text);
}

TEST_F(ServerEndTest, DecompressesFragmentsWithAMoveAndAPingBetweenThem) {
  std::string text;
  for (int i = 0; i < 30; ++i) absl::StrAppend(&text, i % 7, "ab");
  const std::string compressed = Compressed(*deflate_, text);
  EchoEnd server(share_, {.window_bits = 8});  // it cannot compress
  server.Receive(Encode({.payload = compressed.substr(0, 5), .is_final = false, .rsv = 4}));
  server.Move();
  server.Receive(Ping("p"));
  server.Move();
  server.Receive(Continuation(compressed.substr(5)));
  EXPECT_THAT(server.Frames(), ElementsAre("pong p", "text " + text));
}

TEST_F(ServerEndTest, TakesAndSendsMessagesThatAreNotCompressed) {
  EchoEnd server(share_, {.window_bits = 15});
  server.Receive(Text("short"));
  server.Receive(Encode({.payload = std::string(1, '\0'), .rsv = 4}));
  EXPECT_THAT(server.Frames(), ElementsAre("text short", "text "));
}

TEST_F(ServerEndTest, FailsForABombByTheBoundOfAMessage) {
  EchoEnd server(share_, {.window_bits = 15});
  server.Receive(Encode({.payload = Compressed(*deflate_, std::string(10'000, 'x')), .rsv = 4}));
  EXPECT_THAT(server.Frames(), ElementsAre("close 1009"));
}

TEST_F(ServerEndTest, FailsForWhatCannotBeDecompressedAndForATextThatIsNotUtf8) {
  EchoEnd corrupt(share_, {.window_bits = 15});
  corrupt.Receive(Encode({.payload = "\x07", .rsv = 4}));
  EXPECT_THAT(corrupt.Frames(), ElementsAre("close 1007"));
  EchoEnd bad_text(share_, {.window_bits = 15});
  bad_text.Receive(Encode({.payload = Compressed(*deflate_, std::string(50, '\xff')), .rsv = 4}));
  EXPECT_THAT(bad_text.Frames(), ElementsAre("close 1007"));
}

TEST_F(ServerEndTest, BoundsWhatIsStillCompressed) {
  EchoEnd server(share_, {.window_bits = 15});
  // Blocks without content, of which each is nothing.
  std::string fragment;
  for (int i = 0; i < 20; ++i) fragment += std::string("\x00\x00\x00\xff\xff", 5);
  server.Receive(Encode({.payload = fragment, .is_final = false, .rsv = 4}));
  server.Receive(Continuation(fragment, false));
  server.Receive(Continuation(fragment, false));
  EXPECT_THAT(server.Frames(), ElementsAre("close 1009"));
}

// ---- Moves ----

TEST_F(ServerEndTest, IsSuspendedIntoLittle) {
  EXPECT_EQ(end_.Suspend().size(), 6u);
  ASSERT_EQ(Next(Text(std::string(100, 'x'))), Event::kText);
  EXPECT_EQ(end_.Suspend().size(), 6u);
  EXPECT_FALSE(end_.is_within_message());
  ASSERT_EQ(Next(Text("x", false)), Event::kNone);
  EXPECT_TRUE(end_.is_within_message());
}

TEST_F(ServerEndTest, GoesOnWithACloseThatWasSentElsewhere) {
  EchoEnd server(share_);
  std::string out;
  ASSERT_TRUE(server.end().Close(kServiceRestart, "", out).ok());
  server.Move();
  server.Receive(Text("late"));
  server.Move();
  EXPECT_FALSE(server.end().is_over());
  server.Receive(Close(1012));
  EXPECT_TRUE(server.end().is_over());
  EXPECT_THAT(server.Frames(), IsEmpty());
}

TEST_F(ServerEndTest, IsHeldToLessBoundsAfterAMove) {
  ASSERT_EQ(Next(Text(std::string(100, 'x'), false)), Event::kNone);
  const ServerEnd::Share less = {.bounds = {.max_frame_bytes = 100, .max_message_bytes = 50}};
  auto moved = ServerEnd::Resume(less, end_.Suspend());
  ASSERT_TRUE(moved.ok());
  const std::string more = Continuation("y");
  absl::string_view input = more;
  EXPECT_EQ(moved->Next(input, out_), Event::kFailed);
  EXPECT_EQ(moved->close_code(), kMessageTooBig);
}

TEST_F(ServerEndTest, RefusesStatesThatAreNone) {
  const auto error = [this](const std::string& state) {
    return std::string(ServerEnd::Resume(share_, state).status().message());
  };
  const std::string fresh = end_.Suspend();
  EXPECT_EQ(error(""), "its state is no WebSocket's: version 0, expected 1");
  EXPECT_EQ(error("\x02" + fresh.substr(1)), "its state is no WebSocket's: version 2, expected 1");
  EXPECT_EQ(error(fresh.substr(0, 5)), "its state is no WebSocket's: it is cut off");
  EXPECT_EQ(error(fresh + "x"), "its state is no WebSocket's: a message where there is none");
  const auto with = [&fresh](std::size_t at, int byte) {
    std::string state = fresh;
    state[at] = static_cast<char>(byte);
    return state;
  };
  EXPECT_THAT(error(with(1, 7)), StartsWith("its state is no WebSocket's: a window"));
  EXPECT_THAT(error(with(2, 2)), StartsWith("its state is no WebSocket's: phase"));
  EXPECT_THAT(error(with(3, 3)), StartsWith("its state is no WebSocket's: a message of no type"));
  EXPECT_THAT(error(with(3, 17)), StartsWith("its state is no WebSocket's: a compressed message"));
  EXPECT_THAT(error(with(5, 2)), StartsWith("its state is no WebSocket's: within a frame"));
  EXPECT_THAT(error(with(3, 1) + "\xff"), StartsWith("its state is no WebSocket's: a text that"));
  EXPECT_EQ(ServerEnd::Resume({.bounds = {}}, with(1, 15)).status().message(),
            "its state has compression, which is not offered here");
}

}  // namespace
}  // namespace muster::worker::websocket
