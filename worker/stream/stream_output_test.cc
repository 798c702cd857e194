// What a session writes, and how a client takes it.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/stream/stream_fixture.h"

namespace muster::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using StreamOutputTest = StreamTest;

constexpr char kSixteenLines[] = "a\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\n";

TEST_F(StreamOutputTest, IsTakenByASlowReaderWhateverItsSize) {
  constexpr std::size_t kAnswer = 1'000'000;
  constexpr int kAnswers = 20;
  const ipc::UniqueFd client = Connect();
  protocol_->on_line = [](Lines::Line& line, absl::string_view) {
    line.stream.Write(std::string(kAnswer, static_cast<char>('a' + line.count)));
    return true;
  };
  std::string requests;
  for (int i = 0; i < kAnswers; ++i) requests += "get\n";
  Send(client, requests);
  std::string received;
  ASSERT_TRUE(RunUntil([&] {
    char bytes[9000];
    const ssize_t n = ::recv(client.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n > 0) received.append(bytes, static_cast<std::size_t>(n));
    return n == 0 || received.size() == kAnswers * kAnswer;
  }));
  ASSERT_EQ(received.size(), kAnswers * kAnswer);
  for (int i = 0; i < kAnswers; ++i) {
    ASSERT_EQ(received[i * kAnswer], 'a' + i + 1);
    ASSERT_EQ(received[(i + 1) * kAnswer - 1], 'a' + i + 1);
  }
  EXPECT_EQ(connections_.held(), 1u);
}

TEST_F(StreamOutputTest, OfManyLinesIsSentAtOnce) {
  const ipc::UniqueFd client = Connect(SOCK_SEQPACKET);
  Send(client, kSixteenLines);
  EXPECT_EQ(ReceivePacket(client), "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n");
}

TEST_F(StreamOutputTest, OfOthersInARoundIsSentAtOnce) {
  const ipc::UniqueFd client = Connect(SOCK_SEQPACKET);
  protocol_->last->Write("a");
  protocol_->last->Write("b");
  loop_->Post([this] { protocol_->last->Write("c"); });
  RunWhatIsReady();
  EXPECT_EQ(ReceivePacket(client), "ab");
  EXPECT_EQ(ReceivePacket(client), "c");
}

TEST_F(StreamOutputTest, IsSentBeforeTheEndOfATurnIfItIsMuch) {
  settings().set_max_unsent_bytes(200'000);
  const ipc::UniqueFd client = Connect();
  std::string received;
  protocol_->on_line = [&](Lines::Line& line, absl::string_view) {
    for (int i = 0; i < 100; ++i) {
      line.stream.Write(std::string(10'000, 'x'));
      char bytes[65536];
      for (ssize_t n; (n = ::recv(client.get(), bytes, sizeof(bytes), 0)) > 0;) {
        received.append(bytes, static_cast<std::size_t>(n));
      }
    }
    return true;
  };
  Send(client, "a\n");
  received += Receive(client);
  EXPECT_EQ(received.size(), 1'000'000u);
}

// A part at a time, so that little of it is in memory.
TEST_F(StreamOutputTest, IsPulledFromASessionByOnWritable) {
  constexpr std::size_t kPart = 100'000;
  constexpr std::size_t kParts = 500;
  const ipc::UniqueFd client = Connect();
  std::size_t written = 0;
  std::uint64_t most = 0;
  const auto write = [&](Lines::Line& line) {
    if (written == kParts) return;
    line.stream.Write(std::string(kPart, 'x'));
    ++written;
    most = std::max(most, line.stream.unsent_bytes());
  };
  protocol_->on_line = [&](Lines::Line& line, absl::string_view) {
    write(line);
    return true;
  };
  protocol_->on_writable = [&](Lines::Line& line) {
    EXPECT_EQ(line.stream.unsent_bytes(), 0u);
    write(line);
  };
  Send(client, "a\n");
  std::size_t received = 0;
  ASSERT_TRUE(RunUntil([&] {
    received += Receive(client).size();
    return received == kPart * kParts;
  }));
  EXPECT_EQ(written, kParts);
  EXPECT_LE(most, kPart);
}

TEST_F(StreamOutputTest, IsTextCordAndFileInTheirOrder) {
  std::string path = absl::StrCat(::testing::TempDir(), "/fileXXXXXX");
  auto file = std::make_shared<ipc::UniqueFd>(::mkostemp(path.data(), O_CLOEXEC));
  const std::string content(2'000'000, 'f');
  ASSERT_EQ(::write(file->get(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  const ipc::UniqueFd client = Connect();
  protocol_->on_line = [&](Lines::Line& line, absl::string_view) {
    line.stream.Write("head ");
    line.stream.Write(absl::Cord("cord "));
    line.stream.Write(FileRange{.file = file, .offset = 1000, .bytes = 1'999'000});
    EXPECT_LT(line.stream.unsent_memory_bytes(), 1000u);
    line.stream.Write(" tail\n");
    return true;
  };
  Send(client, "a\n");
  // Until the file is sent, the client stays.
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  EXPECT_TRUE(ReceiveUntil(client, "tail\n") ==
              "head cord " + std::string(1'999'000, 'f') + " tail\n");
  EXPECT_EQ(handed_off_.size(), 1u);
  ::unlink(path.c_str());
}

TEST_F(StreamOutputTest, OfAFileThatIsTooShortIsAborted) {
  std::string path = absl::StrCat(::testing::TempDir(), "/fileXXXXXX");
  auto file = std::make_shared<ipc::UniqueFd>(::mkostemp(path.data(), O_CLOEXEC));
  ::unlink(path.c_str());
  const ipc::UniqueFd client = Connect();
  protocol_->last->Write(FileRange{.file = file, .offset = 0, .bytes = 10});
  RunWhatIsReady();
  EXPECT_THAT(log_, ElementsAre("a client is closed for a file: it ended 10 bytes before the end "
                                "of the output"));
  EXPECT_EQ(connections_.held(), 0u);
}

TEST_F(StreamOutputTest, ThatAClientDoesNotTakeIsBounded) {
  settings().set_max_unsent_bytes(100'000);
  const ipc::UniqueFd client = Connect();
  const std::string much(10'000, 'x');
  for (int i = 0; i < 1000 && connections_.held() > 0; ++i) {
    protocol_->last->Write(much);
    RunWhatIsReady();
  }
  EXPECT_EQ(connections_.held(), 0u);
  EXPECT_EQ(protocol_->ended, 1);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], HasSubstr("a client is closed for max_unsent_bytes: it has not taken "));
}

TEST_F(StreamOutputTest, OfAllClientsIsBounded) {
  settings().set_max_unsent_bytes(1'000'000);
  settings().set_max_worker_unsent_bytes(1'500'000);
  const ipc::UniqueFd large = Connect();
  protocol_->last->Write(std::string(1'000'000, 'x'));
  RunWhatIsReady();
  const ipc::UniqueFd small = Connect();
  protocol_->last->Write(std::string(900'000, 'y'));
  RunWhatIsReady();
  EXPECT_EQ(connections_.held(), 2u);
  const ipc::UniqueFd third = Connect();
  protocol_->last->Write(std::string(600'000, 'z'));
  RunWhatIsReady();
  EXPECT_EQ(connections_.held(), 2u);
  EXPECT_TRUE(absl::EndsWith(Receive(large), "x<end>"));
  EXPECT_EQ(Receive(small).size(), 900'000u);
  EXPECT_EQ(Receive(third).size(), 600'000u);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], HasSubstr("closed for max_worker_unsent_bytes"));
}

// What was written in the last step of a turn is not sent when the client is handed off.
TEST_F(StreamOutputTest, IsPulledOnAfterAHandoff) {
  constexpr int kParts = 100;
  int written = 0;
  const auto write = [&](Lines::Line& line) {
    if (written < kParts) line.stream.Write(absl::StrCat(++written, "\n"));
    return true;
  };
  protocol_->on_line = [&](Lines::Line& line, absl::string_view) { return write(line); };
  protocol_->on_writable = write;
  next_protocol_->on_writable = write;
  const ipc::UniqueFd client = Connect();
  has_handoff_room_ = false;
  service().Drain(Service::Idle::kHandOff);
  has_handoff_room_ = true;
  Send(client, "a\n");
  ASSERT_EQ(handed_off_.size(), 1u);
  EXPECT_LT(written, kParts);
  PassOn();
  std::string expected;
  for (int i = 1; i <= kParts; ++i) absl::StrAppend(&expected, i, "\n");
  RunUntil([&] { return written == kParts; });
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), expected);
}

TEST_F(StreamOutputTest, ComesInItsOrderAndOnceOverHandoffs) {
  protocol_->on_suspend = [](Lines::Line& line) { line.stream.Write("leaving "); };
  next_protocol_->on_resume = [](Stream& stream) { stream.Write("second "); };
  next_protocol_->on_suspend = [](Lines::Line& line) { line.stream.Write("leaving again "); };
  const ipc::UniqueFd client = Connect();
  const std::string much(2'000'000, 'm');
  protocol_->last->Write(much);
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  PassOn();
  successor().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  auto* const third_protocol = new Lines;
  third_protocol->on_resume = [](Stream& stream) { stream.Write("third\n"); };
  StreamService third(*this, std::unique_ptr<Protocol>(third_protocol));
  ASSERT_TRUE(third.Adopt(std::move(handed_off_[0].first), std::move(handed_off_[0].second)).ok());
  EXPECT_TRUE(ReceiveUntil(client, "third\n") == much + "leaving second leaving again third\n");
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "");
}

// The client has made room since, so the bound is not reached.
TEST_F(StreamOutputTest, OfASessionThatIsResumedIsBoundedByWhatTheClientDoesNotTake) {
  constexpr std::size_t kMost = 1'000'000;
  settings().set_max_unsent_bytes(kMost);
  const ipc::UniqueFd client = Connect();
  protocol_->last->Write(std::string(kMost, 'x'));
  RunWhatIsReady();
  const std::size_t taken = kMost - protocol_->last->unsent_bytes();
  const std::size_t more = taken * 3 / 2;
  next_protocol_->on_resume = [&](Stream& stream) { stream.Write(std::string(more, 'y')); };
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  std::string received = Receive(client);
  PassOn();
  RunUntil([&] {
    received += Receive(client);
    return received.size() == kMost + more;
  });
  EXPECT_TRUE(received == std::string(kMost, 'x') + std::string(more, 'y')) << received.size();
}

// As after a reload: each of the old workers had less than it may.
TEST_F(StreamOutputTest, OfAllClientsIsBoundedAlsoWhenTheyAreAdopted) {
  const auto unsent = [this](std::size_t bytes) {
    ipc::UniqueFd client = Connect();
    protocol_->last->Write(std::string(bytes, 'x'));
    RunWhatIsReady();
    return client;
  };
  const ipc::UniqueFd large = unsent(1'500'000);
  const ipc::UniqueFd small = unsent(1'000'000);
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 2u);
  settings().set_max_worker_unsent_bytes(1'400'000);
  PassOn();
  EXPECT_EQ(connections_.held(), 1u);
  EXPECT_TRUE(absl::EndsWith(Receive(large), "x<end>"));
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], HasSubstr("closed for max_worker_unsent_bytes"));
  // What is taken, and what is handed off again, does not count any more.
  EXPECT_EQ(Receive(small).size(), 1'000'000u);
  next_protocol_->on_line = [](Lines::Line& line, absl::string_view) {
    line.stream.Write(std::string(1'300'000, 'y'));
    return true;
  };
  Send(small, "a\n");
  successor().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  PassOn();
  ASSERT_EQ(handed_off_.size(), 1u) << "it comes back, and is given again";
  EXPECT_EQ(log_.size(), 1u);
}

TEST_F(StreamOutputTest, OfAnAdoptedClientIsBounded) {
  const ipc::UniqueFd client = Connect();
  protocol_->last->Write(std::string(1'000'000, 'x'));
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  settings().set_max_unsent_bytes(100'000);
  PassOn();
  EXPECT_EQ(connections_.held(), 0u) << "though the client is not heard of";
  EXPECT_TRUE(absl::EndsWith(Receive(client), "x<end>"));
  EXPECT_EQ(next_protocol_->ended, 1);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], HasSubstr("closed for max_unsent_bytes"));
}

TEST_F(StreamOutputTest, IsAwaitedByASessionThatLeavesItsInputMeanwhile) {
  const ipc::UniqueFd client = Connect();
  protocol_->on_line = [](Lines::Line& line, absl::string_view) {
    if (line.stream.unsent_bytes() > 3) return false;
    line.stream.Write("1234\n");
    return true;
  };
  Send(client, kSixteenLines);
  EXPECT_EQ(Receive(client).size(), 16 * 5u);
}

}  // namespace
}  // namespace muster::worker
