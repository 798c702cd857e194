// What goes along with a client that is handed off, and when it is.

#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/handoff.pb.h"
#include "muster/worker/stream/stream_fixture.h"

namespace muster::worker {
namespace {

using ::testing::ElementsAre;
using StreamHandoffTest = StreamTest;

TEST_F(StreamHandoffTest, HandsAClientOffWithAllThatIsOnItsWay) {
  const ipc::UniqueFd client = Connect();
  std::string requests = "a\n";
  for (int i = 0; i < 30; ++i) requests += "big\n";
  Send(client, requests + "half");
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  v1::StreamState state;
  ASSERT_TRUE(state.ParseFromString(handed_off_[0].second));
  EXPECT_FALSE(state.unsent().empty());
  EXPECT_TRUE(absl::EndsWith(state.unread(), "big\nhalf"));
  EXPECT_EQ(protocol_->ended, 0);
  PassOn();
  EXPECT_EQ(Receive(client).size(), 2 + 30 * 20002u + 22);
  Send(client, " a line\n");
  EXPECT_EQ(Receive(client), "32\n");
}

TEST_F(StreamHandoffTest, HandsAClientOffThatHasMegabytesToTake) {
  const ipc::UniqueFd client = Connect();
  const std::string much(3'000'000, 'm');
  protocol_->last->Write(much);
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  EXPECT_GT(handed_off_[0].second.size(), 2'000'000u);
  PassOn();
  EXPECT_TRUE(ReceiveUntil(client, "m") == much);
  Send(client, "a\n");
  EXPECT_EQ(Receive(client), "1\n");
}

TEST_F(StreamHandoffTest, KeepsAClientThatHasMegabytesToTakeWhileOlderWorkersMayTakeIt) {
  most_state_bytes_ = kMostHandoffStateBytes;
  const ipc::UniqueFd client = Connect();
  const std::string much(3'000'000, 'm');
  protocol_->last->Write(much);
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  EXPECT_EQ(Receive(client).size(), much.size());
  EXPECT_EQ(handed_off_.size(), 1u) << "it has taken enough";
}

TEST_F(StreamHandoffTest, GoesOnWithASessionWhoseStateNobodyTakes) {
  most_state_bytes_ = kMostHandoffStateBytes;
  protocol_->more_state = std::string(100'000, ' ');
  const ipc::UniqueFd client = Connect();
  Send(client, "a\nhalf");
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(handed_off_.size(), 0u);
  EXPECT_EQ(protocol_->resumed, 1) << "and is not suspended again and again";
  EXPECT_EQ(protocol_->ended, 0);
  Send(client, " a line\n");
  EXPECT_EQ(Receive(client), "1\n2\n");
  EXPECT_EQ(protocol_->resumed, 1);
  most_state_bytes_ = kMostHandoffMemoryBytes;
  service().OnHandoffRoom();
  EXPECT_EQ(handed_off_.size(), 1u);
}

TEST_F(StreamHandoffTest, SendsWhatASuspendedSessionWroteOnceIfItGoesOn) {
  most_state_bytes_ = kMostHandoffStateBytes;
  protocol_->more_state = std::string(100'000, ' ');
  protocol_->on_suspend = [](Lines::Line& line) { line.stream.Write("leaving "); };
  protocol_->on_resume = [](Stream& stream) { stream.Write("staying\n"); };
  const ipc::UniqueFd client = Connect();
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "leaving staying\n");
}

TEST_F(StreamHandoffTest, HandsAClientOffAsSoonAsItsInputIsConsumed) {
  most_state_bytes_ = kMostHandoffStateBytes;
  protocol_->more_state = std::string(55'000, ' ');
  const ipc::UniqueFd client = Connect();
  Send(client, std::string(12'000, 'x'));
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(handed_off_.size(), 0u) << "state and input together are too much";
  EXPECT_EQ(protocol_->resumed, 1);
  Send(client, "\n");
  ASSERT_EQ(handed_off_.size(), 1u);
  EXPECT_EQ(protocol_->resumed, 1) << "and it was not suspended in vain again";
  PassOn();
  EXPECT_EQ(Receive(client), "1\n");
}

TEST_F(StreamHandoffTest, ClosesAClientWhoseSessionIsSuspendedIntoTooMuch) {
  settings().set_max_session_bytes(1000);
  protocol_->more_state = std::string(1000, ' ');
  const ipc::UniqueFd client = Connect();
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "<end>");
  EXPECT_EQ(protocol_->ended, 1);
  EXPECT_THAT(log_, ElementsAre("a client is closed for max_session_bytes: its session was "
                                "suspended into 1001 bytes, at most 1000 can be handed off"));
}

TEST_F(StreamHandoffTest, KeepsAClientThatIsFoundGoneWhenItsSessionIsSuspended) {
  ipc::UniqueFd client = Connect();
  protocol_->on_suspend = [](Lines::Line& line) { line.stream.Write("moving\n"); };
  client.reset();
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  RunWhatIsReady();
  EXPECT_EQ(protocol_->ended, 1);
  EXPECT_EQ(connections_.held(), 0u);
}

TEST_F(StreamHandoffTest, KeepsAClientThatItsSessionClosesWhenItIsSuspended) {
  const ipc::UniqueFd client = Connect();
  protocol_->on_suspend = [](Lines::Line& line) {
    line.stream.Write("gone\n");
    line.stream.Close();
  };
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "gone\n<end>");
  EXPECT_EQ(connections_.held(), 0u);
}

TEST_F(StreamHandoffTest, HandsAClientOffWhoseSidesHaveEnded) {
  next_protocol_->on_input_end = [](Lines::Line&) { FAIL() << "it was told before"; };
  protocol_->on_input_end = [](Lines::Line&) {};
  const ipc::UniqueFd client = Connect();
  Send(client, "a\n");
  ::shutdown(client.get(), SHUT_WR);
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  next_protocol_->on_resume = [](Stream& stream) { EXPECT_TRUE(stream.is_input_ended()); };
  PassOn();
  EXPECT_EQ(Receive(client), "1\n");
  next_protocol_->last->Write("later\n");
  next_protocol_->last->EndOutput();
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "later\n<end>");
  EXPECT_EQ(connections_.held(), 0u) << "both sides have ended";
}

TEST_F(StreamHandoffTest, EndsAnOutputInTheNextWorkerThatWasToEndBefore) {
  const ipc::UniqueFd client = Connect();
  const std::string much(1'000'000, 'm');
  protocol_->last->Write(much);
  protocol_->last->EndOutput();
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  int lines = 0;
  next_protocol_->on_resume = [](Stream& stream) { stream.Write("ignored"); };
  next_protocol_->on_line = [&](Lines::Line&, absl::string_view) {
    ++lines;
    return true;
  };
  PassOn();
  EXPECT_TRUE(ReceiveUntil(client, "<end>") == much + "<end>");
  Send(client, "a\n");
  EXPECT_EQ(lines, 1) << "its input goes on";
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_TRUE(RunUntil([this] { return connections_.held() == 0; }));
}

TEST_F(StreamHandoffTest, TellsTheNextSessionOnceOfAnEndThatTheOneBeforeDidNotHearOf) {
  const std::string much(1'000'000, 'm');
  protocol_->on_line = [&](Lines::Line& line, absl::string_view) {
    line.stream.Write(much);
    return true;
  };
  protocol_->on_input_end = [](Lines::Line&) { FAIL() << "its output is not taken"; };
  int ends = 0;
  next_protocol_->on_resume = [](Stream& stream) { EXPECT_FALSE(stream.is_input_ended()); };
  next_protocol_->on_input_end = [&](Lines::Line& line) {
    ++ends;
    EXPECT_EQ(line.stream.unread(), "rest");
    line.stream.Write(" sum");
  };
  const ipc::UniqueFd client = Connect();
  Send(client, "a\nrest");
  ::shutdown(client.get(), SHUT_WR);
  RunWhatIsReady();
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  PassOn();
  EXPECT_EQ(ends, 0);
  EXPECT_TRUE(ReceiveUntil(client, " sum") == much + " sum");
  EXPECT_EQ(ends, 1);
  successor().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  auto* const third_protocol = new Lines;
  third_protocol->on_resume = [](Stream& stream) { EXPECT_TRUE(stream.is_input_ended()); };
  third_protocol->on_input_end = [](Lines::Line&) { FAIL() << "it was told before"; };
  StreamService third(*this, std::unique_ptr<Protocol>(third_protocol));
  ASSERT_TRUE(third.Adopt(std::move(handed_off_[0].first), std::move(handed_off_[0].second)).ok());
  RunWhatIsReady();
  EXPECT_EQ(connections_.held(), 1u);
  third_protocol->last->Close();
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "<end>");
}

TEST_F(StreamHandoffTest, RefusesAStateWithMoreThanAnyConfigurationAllows) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd client(ends[0]);
  v1::StreamState state;
  state.set_session("1");
  state.set_unread(std::string((16 << 20) + 1, 'x'));
  EXPECT_FALSE(service().Adopt(ConnectionOf(ends[1]), state.SerializeAsString()).ok());
  EXPECT_EQ(Receive(client), "<end>");
}

TEST_F(StreamHandoffTest, RefusesAStateThatIsNone) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd client(ends[0]);
  EXPECT_EQ(service().Adopt(ConnectionOf(ends[1]), "\xff"),
            absl::InvalidArgumentError("its state is no muster.worker.v1.StreamState"));
  EXPECT_EQ(Receive(client), "<end>");
  EXPECT_EQ(connections_.held(), 0u);
}

TEST_F(StreamHandoffTest, ServesAClientOnUntilAnotherWorkerHasRoom) {
  const ipc::UniqueFd client = Connect();
  has_handoff_room_ = false;
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  Send(client, "a\n");
  EXPECT_EQ(Receive(client), "1\n");
  has_handoff_room_ = true;
  service().OnHandoffRoom();
  ASSERT_EQ(handed_off_.size(), 1u);
  PassOn();
  Send(client, "b\n");
  EXPECT_EQ(Receive(client), "2\n");
}

TEST_F(StreamHandoffTest, AsksForRoomForThoseAloneThatGetIt) {
  constexpr int kClients = 200;
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(Connect());
  most_handed_off_ = 0;
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  while (most_handed_off_ < kClients) {
    ++most_handed_off_;
    service().OnHandoffRoom();
    RunWhatIsReady();
    ASSERT_EQ(handed_off_.size(), most_handed_off_);
  }
  EXPECT_LE(room_questions_, 5 * kClients) << "not each time for all of them";
}

TEST_F(StreamHandoffTest, ForgetsAClientThatLeavesWhileItAwaitsRoom) {
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Connect());
  has_handoff_room_ = false;
  service().Drain(Service::Idle::kHandOff);
  clients.erase(clients.begin() + 1);
  RunWhatIsReady();
  EXPECT_EQ(protocol_->ended, 1);
  has_handoff_room_ = true;
  service().OnHandoffRoom();
  EXPECT_EQ(handed_off_.size(), 2u);
}

}  // namespace
}  // namespace muster::worker
