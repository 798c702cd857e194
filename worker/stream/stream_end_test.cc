// How connections end: by the client, by the session, and for their time.

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/stream/stream_fixture.h"

namespace muster::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StreamEndTest : public StreamTest {
 protected:
  static void SetMilliseconds(google::protobuf::Duration* duration, int milliseconds) {
    duration->set_nanos(milliseconds * 1'000'000);
  }
  // Blocks; until the end of the connection, or an error. Sets errno to 0 at an end.
  std::string ReceiveToEnd(const ipc::UniqueFd& client) {
    std::string text;
    char bytes[65536];
    for (;;) {
      RunWhatIsReady();
      const ssize_t n = ::recv(client.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN && !HasFailure()) {
        EXPECT_TRUE(loop_->RunOnce(std::chrono::milliseconds(1)).ok());
        continue;
      }
      if (n == 0) errno = 0;
      if (n <= 0) return text;
      text.append(bytes, static_cast<std::size_t>(n));
    }
  }
};

TEST_F(StreamEndTest, ComesWhenAllWasSent) {
  const ipc::UniqueFd client = Connect();
  Send(client, "big\nend\n");
  EXPECT_EQ(Receive(client), "1" + std::string(20000, 'x') + "\n2\n<end>");
  EXPECT_EQ(connections_.held(), 0u);
  EXPECT_EQ(protocol_->ended, 1);
}

TEST_F(StreamEndTest, ComesForAClientThatHasEndedItsSide) {
  const ipc::UniqueFd client = Connect();
  Send(client, "a\nb\n");
  ::shutdown(client.get(), SHUT_WR);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "1\n2\n<end>");
}

TEST_F(StreamEndTest, OfTheClientsSideIsTheSessionsToTake) {
  std::string rest;
  protocol_->on_input_end = [&](Lines::Line& line) {
    rest = std::string(line.stream.unread());
    line.stream.Write("sum\n");
  };
  const ipc::UniqueFd client = ConnectTcp();
  Send(client, "a\nhalf");
  ::shutdown(client.get(), SHUT_WR);
  ASSERT_TRUE(RunUntil([&] { return !rest.empty(); }));
  EXPECT_EQ(rest, "half");
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "1\nsum\n");
  EXPECT_EQ(connections_.held(), 1u);
  protocol_->last->Write("more\n");
  protocol_->last->Close();
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "more\n<end>");
}

TEST_F(StreamEndTest, OfTheSessionsSideLeavesTheClientsOpen) {
  int lines = 0;
  protocol_->on_line = [&](Lines::Line& line, absl::string_view) {
    ++lines;
    line.stream.Write("ignored after the end\n");
    return true;
  };
  ipc::UniqueFd client = ConnectTcp();
  protocol_->last->Write("last words\n");
  protocol_->last->EndOutput();
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "last words\n<end>");
  Send(client, "a\nb\n");
  EXPECT_TRUE(RunUntil([&] { return lines == 2; }));
  EXPECT_EQ(connections_.held(), 1u);
  client.reset();
  EXPECT_TRUE(RunUntilClosed());
}

TEST_F(StreamEndTest, ReachesAClientThatIsStillSending) {
  const std::string answer(200'000, 'x');
  protocol_->on_line = [&](Lines::Line& line, absl::string_view) {
    line.stream.Write(answer);
    line.stream.Close();
    return true;
  };
  ipc::UniqueFd client = ConnectTcp();
  Send(client, "a\nmore that nobody reads\n");
  Send(client, std::string(100'000, 'y'));
  std::string received = ReceiveToEnd(client);
  EXPECT_EQ(errno, 0) << "no reset";
  EXPECT_TRUE(received == answer);
  EXPECT_EQ(connections_.held(), 1u) << "it waits for the client";
  client.reset();
  EXPECT_TRUE(RunUntilClosed());
}

TEST_F(StreamEndTest, IsAResetIfItIsAborted) {
  const ipc::UniqueFd client = ConnectTcp();
  protocol_->last->Write("unsent");
  protocol_->last->Abort();
  RunWhatIsReady();
  EXPECT_EQ(ReceiveToEnd(client), "");
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(protocol_->ended, 1);
}

TEST_F(StreamEndTest, IsAResetInWhateverCallItIsAborted) {
  const auto abort = [](Lines::Line& line) { line.stream.Abort(); };
  const auto expect_reset = [this](const ipc::UniqueFd& client, int ended) {
    EXPECT_EQ(ReceiveToEnd(client), "");
    EXPECT_EQ(protocol_->ended, ended);
    EXPECT_EQ(connections_.held(), 0u);
  };
  protocol_->on_begin = [](Stream& stream) { stream.Abort(); };
  expect_reset(ConnectTcp(), 1);
  protocol_->on_begin = nullptr;
  protocol_->on_line = [](Lines::Line& line, absl::string_view) {
    line.stream.Write("dropped");
    line.stream.Abort();
    return true;
  };
  const ipc::UniqueFd in_input = ConnectTcp();
  Send(in_input, "a\nb\n");
  expect_reset(in_input, 2);
  protocol_->on_input_end = abort;
  const ipc::UniqueFd in_input_end = ConnectTcp();
  ::shutdown(in_input_end.get(), SHUT_WR);
  expect_reset(in_input_end, 3);
  const ipc::UniqueFd in_task = ConnectTcp();
  protocol_->last->handle().Post([](Stream& stream) {
    stream.Abort();
    throw std::runtime_error("in the test");
  });
  expect_reset(in_task, 4);
  const ipc::UniqueFd in_suspend = ConnectTcp();
  protocol_->on_suspend = abort;
  service().Drain(Service::Idle::kHandOff);
  expect_reset(in_suspend, 5);
  protocol_->on_drain = abort;  // told to the session of a client that comes while it drains
  expect_reset(ConnectTcp(), 6);
  EXPECT_EQ(handed_off_.size(), 0u);
}

TEST_F(StreamEndTest, ComesForAClientThatDoesNotReadWhenItIsClosed) {
  SetMilliseconds(settings().mutable_close_timeout(), 50);
  const ipc::UniqueFd client = Connect();
  protocol_->last->Write(std::string(2'000'000, 'x'));
  protocol_->last->Close();
  RunWhatIsReady();
  EXPECT_EQ(connections_.held(), 1u);
  EXPECT_TRUE(RunUntilClosed());
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], HasSubstr("closed for close_timeout: it has not taken "));
}

TEST_F(StreamEndTest, ComesForAClientThatDoesNotReadInAQuit) {
  SetMilliseconds(settings().mutable_close_timeout(), 50);
  const ipc::UniqueFd client = Connect();
  protocol_->last->Write(std::string(2'000'000, 'x'));
  service().Drain(Service::Idle::kClose);
  EXPECT_TRUE(RunUntilClosed());
}

TEST_F(StreamEndTest, ComesForAClientThatTakesNothing) {
  SetMilliseconds(settings().mutable_write_timeout(), 50);
  const ipc::UniqueFd client = Connect();
  protocol_->last->Write(std::string(2'000'000, 'x'));
  EXPECT_TRUE(RunUntilClosed());
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], HasSubstr("closed for write_timeout: it takes none of "));
}

TEST_F(StreamEndTest, ComesForAnIdleClient) {
  SetMilliseconds(settings().mutable_idle_timeout(), 50);
  const ipc::UniqueFd client = Connect();
  Send(client, "a\n");
  EXPECT_EQ(Receive(client), "1\n");
  EXPECT_TRUE(RunUntilClosed());
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(protocol_->ended, 1);
}

TEST_F(StreamEndTest, ComesForAClientThatDoesNotCompleteItsInput) {
  SetMilliseconds(settings().mutable_read_timeout(), 50);
  const ipc::UniqueFd client = Connect();
  Send(client, "a\nhalf");
  EXPECT_EQ(Receive(client), "1\n");
  EXPECT_TRUE(RunUntilClosed());
  EXPECT_THAT(log_, ElementsAre("a client is closed for read_timeout: its session waits for the "
                                "rest of 4 bytes of input"));
}

TEST_F(StreamEndTest, DoesNotComeForItsTimeWhileTheSessionIsBusy) {
  SetMilliseconds(settings().mutable_read_timeout(), 20);
  SetMilliseconds(settings().mutable_idle_timeout(), 20);
  const ipc::UniqueFd client = Connect();
  Send(client, "half");
  Stream::Hold hold = protocol_->last->TakeHold();
  // The timer that was set before finds it busy.
  const auto end = loop::Clock::now() + std::chrono::milliseconds(100);
  while (loop::Clock::now() < end) {
    ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(5)).ok());
  }
  EXPECT_EQ(connections_.held(), 1u);
  hold.Release();
  EXPECT_TRUE(RunUntilClosed());
}

// The worker was busy when it came.
TEST_F(StreamEndTest, DoesNotComeForInputThatCameInTime) {
  SetMilliseconds(settings().mutable_idle_timeout(), 30);
  const ipc::UniqueFd client = Connect();
  RunWhatIsReady();
  const std::string line = "a\n";
  ASSERT_EQ(::send(client.get(), line.data(), line.size(), 0), 2);
  const auto end = loop::Clock::now() + std::chrono::milliseconds(40);
  while (loop::Clock::now() < end) {
  }
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "1\n");
}

}  // namespace
}  // namespace muster::worker
