#include "muster/worker/stream/stream_service.h"

#include <sys/socket.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/stream/stream_fixture.h"

namespace muster::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using StreamServiceTest = StreamTest;

TEST_F(StreamServiceTest, OffersWhatWasNotTakenAgain) {
  const ipc::UniqueFd client = Connect();
  Send(client, "a");
  EXPECT_EQ(Receive(client), "");
  Send(client, "b\nc\nd");
  EXPECT_EQ(Receive(client), "1\n2\n");
  Send(client, "\n");
  EXPECT_EQ(Receive(client), "3\n");
}

TEST_F(StreamServiceTest, ClosesAClientWhoseInputMakesNoSense) {
  settings().set_max_unread_bytes(5000);
  const ipc::UniqueFd client = Connect();
  Send(client, std::string(4999, 'x'));
  EXPECT_EQ(Receive(client), "");
  Send(client, "x");
  EXPECT_TRUE(absl::EndsWith(Receive(client), "<end>"));
  EXPECT_THAT(log_, ElementsAre("a client is closed for max_unread_bytes: its session consumes "
                                "nothing of 5000 bytes of input"));
}

TEST_F(StreamServiceTest, OffersInputThatIsLongerThanWhatIsReceivedAtOnce) {
  settings().set_max_unread_bytes(3'000'000);
  const ipc::UniqueFd client = Connect();
  const std::string line(1'000'000, 'x');
  std::size_t lengths = 0;
  protocol_->on_line = [&](Lines::Line&, absl::string_view text) {
    lengths += text.size();
    return true;
  };
  std::string bytes = line + "\n" + line + "\nshort\n";
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(client.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<std::size_t>(n);
    RunWhatIsReady();
  }
  EXPECT_TRUE(RunUntil([&] { return lengths == 2'000'005; }));
}

TEST_F(StreamServiceTest, ReadsNothingFromAClientThatDoesNotTakeItsAnswers) {
  const ipc::UniqueFd client = Connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "big\n";
  Send(client, requests);
  EXPECT_EQ(connections_.held(), 1u) << "2 MB were not gathered for it";
  EXPECT_LT(protocol_->last->unsent_bytes(), 200'000u);
  EXPECT_EQ(Receive(client).size(), 100 * 20002u + 92);
}

TEST_F(StreamServiceTest, TellsProtocolAndSessionsThatTheWorkerDrains) {
  const ipc::UniqueFd client = Connect();
  has_handoff_room_ = false;
  service().Drain(Service::Idle::kHandOff);
  service().Drain(Service::Idle::kClose);
  EXPECT_EQ(protocol_->drains, 1);
  EXPECT_EQ(protocol_->drained, 1);
}

TEST_F(StreamServiceTest, SaysGoodbyeWhenNobodyTakesOver) {
  const ipc::UniqueFd client = Connect();
  Send(client, "half");
  service().Drain(Service::Idle::kClose);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "bye\n<end>");
}

TEST_F(StreamServiceTest, ClosesAClientWhoseSessionThrowsAndLogsItsText) {
  const ipc::UniqueFd client = Connect();
  const ipc::UniqueFd other = Connect();
  protocol_->on_line = [](Lines::Line& line, absl::string_view text) {
    if (text == "throw") throw std::runtime_error("no such key");
    line.stream.Write("fine\n");
    return true;
  };
  Send(client, "a\nthrow\nb\n");
  EXPECT_TRUE(absl::EndsWith(Receive(client), "<end>"));
  EXPECT_THAT(log_, ElementsAre("a client is closed for an exception: Session::OnInput: no such "
                                "key"));
  EXPECT_EQ(protocol_->ended, 1);
  Send(other, "a\n");
  EXPECT_EQ(Receive(other), "fine\n");
}

TEST_F(StreamServiceTest, ClosesAClientWhoseSessionThrowsWhereverItDoes) {
  const auto fail = [](Lines::Line&) { throw std::runtime_error("in the test"); };
  protocol_->on_begin = [](Stream&) { throw std::runtime_error("in the test"); };
  const ipc::UniqueFd begun = Connect();
  RunWhatIsReady();
  EXPECT_EQ(Receive(begun), "<end>");
  protocol_->on_begin = nullptr;
  protocol_->on_writable = fail;
  const ipc::UniqueFd written = Connect();
  Send(written, "a\n");
  EXPECT_EQ(Receive(written), "1\n<end>");
  protocol_->on_writable = nullptr;
  protocol_->on_end = fail;
  protocol_->on_input_end = fail;
  const ipc::UniqueFd ended = Connect();
  ::shutdown(ended.get(), SHUT_WR);
  RunWhatIsReady();
  EXPECT_EQ(Receive(ended), "<end>");
  protocol_->on_drain = fail;
  const ipc::UniqueFd drained = Connect();
  protocol_->on_suspend = fail;
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(Receive(drained), "<end>");
  EXPECT_EQ(handed_off_.size(), 0u);
  EXPECT_EQ(connections_.held(), 0u);
  ASSERT_EQ(log_.size(), 1u) << "the others are counted";
  EXPECT_THAT(log_[0], HasSubstr("Protocol::Begin: in the test"));
}

TEST_F(StreamServiceTest, DrainsTheOthersWhenASessionThrowsThen) {
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Connect());
  Send(clients[1], "a\n");
  protocol_->on_drain = [](Lines::Line& line) {
    if (line.count == 1) throw std::runtime_error("in the test");
  };
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(Receive(clients[1]), "1\n<end>");
  EXPECT_EQ(protocol_->drained, 3);
  EXPECT_EQ(protocol_->ended, 1);
  EXPECT_EQ(handed_off_.size(), 2u);
  EXPECT_THAT(log_, ElementsAre("a client is closed for an exception: Session::OnDrain: in the "
                                "test"));
}

TEST_F(StreamServiceTest, DrainsWhenTheProtocolThrowsThen) {
  const ipc::UniqueFd client = Connect();
  protocol_->on_protocol_drain = [] { throw std::runtime_error("in the test"); };
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 1u);
  EXPECT_EQ(protocol_->drained, 1);
  EXPECT_THAT(log_, ElementsAre("an exception: Protocol::OnDrain: in the test"));
}

TEST_F(StreamServiceTest, LogsWhatIsThrownAndIsNoException) {
  const ipc::UniqueFd client = Connect();
  protocol_->on_protocol_drain = [] { throw 1; };
  protocol_->on_drain = [](Lines::Line&) { throw 2; };
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "<end>");
  EXPECT_THAT(log_, ElementsAre("an exception: Protocol::OnDrain: what it threw is no "
                                "std::exception",
                                "a client is closed for an exception: Session::OnDrain: what it "
                                "threw is no std::exception"));
}

TEST_F(StreamServiceTest, RefusesAClientForWhichResumeThrows) {
  const ipc::UniqueFd client = Connect();
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  next_protocol_->on_resume = [](Stream&) { throw std::runtime_error("in the test"); };
  EXPECT_EQ(successor().Adopt(std::move(handed_off_[0].first), std::move(handed_off_[0].second)),
            absl::InternalError("Protocol::Resume: in the test"));
  EXPECT_EQ(Receive(client), "<end>");
}

TEST_F(StreamServiceTest, ReportsWhatReopenThrows) {
  protocol_->on_reopen = []() -> absl::Status { throw std::runtime_error("in the test"); };
  EXPECT_EQ(service().Reopen(), absl::InternalError("Protocol::Reopen: in the test"));
}

TEST_F(StreamServiceTest, LogsOneOfManyClientsThatAreClosedForTheSame) {
  settings().set_max_unread_bytes(1024);
  for (int i = 0; i < 50; ++i) {
    const ipc::UniqueFd client = Connect();
    Send(client, std::string(1024, 'x'));
  }
  EXPECT_EQ(log_.size(), 1u);
}

}  // namespace
}  // namespace muster::worker
