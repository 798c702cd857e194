#include "muster/worker/stream/stream_service.h"

#include <sys/socket.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/proto/handoff.pb.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker {
namespace {

// Takes lines; answers each with its number among those of the client. "big": with 20000 bytes,
// "end" closes.
class Numbering : public Protocol {
 public:
  class Line : public Session {
   public:
    Line(Numbering& protocol, Stream& stream, int count)
        : protocol_(protocol), stream_(stream), count_(count) {}

    std::size_t OnInput(absl::string_view input) override {
      const std::size_t end = input.find('\n');
      if (end == input.npos) return 0;
      const absl::string_view line = input.substr(0, end);
      stream_.Write(std::to_string(++count_) + (line == "big" ? std::string(20000, 'x') : "") +
                    "\n");
      if (line == "end") stream_.Close();
      return end + 1;
    }
    std::string Suspend() override {
      stream_.Write(protocol_.last_words);
      if (protocol_.closes_at_suspend) stream_.Close();
      return std::to_string(count_);
    }
    void OnEnd() override { ++protocol_.ended; }
    void OnQuit() override { stream_.Write("bye\n"); }

   private:
    Numbering& protocol_;
    Stream& stream_;
    int count_;
  };

  std::unique_ptr<Session> Begin(Stream& stream) override {
    last = &stream;
    return std::make_unique<Line>(*this, stream, 0);
  }
  absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string state) override {
    if (state.empty()) return absl::InvalidArgumentError("its state has no number");
    return std::make_unique<Line>(*this, stream, std::stoi(state));
  }

  Stream* last = nullptr;
  int ended = 0;
  std::string last_words;  // of a session that is suspended
  bool closes_at_suspend = false;
};

class StreamServiceTest : public testing::Test, private Context {
 protected:
  // A client's end of a connection that the service serves.
  ipc::UniqueFd Connect() {
    int ends[2];
    MUSTER_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
                 "socketpair");
    service_.OnConnection(ConnectionOf(ends[1]));
    return ipc::UniqueFd(ends[0]);
  }
  Connection ConnectionOf(int fd) {
    Connection connection;
    connection.fd.reset(fd);
    connection.lease = connections_.Take();
    return connection;
  }
  void RunWhatIsReady() {
    for (int round = 0; round < 5; ++round) {
      MUSTER_CHECK(loop_->RunOnce(std::chrono::milliseconds(0)).ok(), "a round of the loop");
    }
  }
  void Send(const ipc::UniqueFd& client, const std::string& bytes) {
    MUSTER_CHECK(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                     static_cast<ssize_t>(bytes.size()),
                 "send");
    RunWhatIsReady();
  }
  // All that is there; "<end>" behind it if the connection ended.
  std::string Receive(const ipc::UniqueFd& client) {
    std::string text;
    for (;;) {
      char bytes[65536];
      const ssize_t n = ::recv(client.get(), bytes, sizeof(bytes), 0);
      if (n < 0 && errno == EAGAIN) return text;
      if (n <= 0) return text + "<end>";
      text.append(bytes, static_cast<std::size_t>(n));
      RunWhatIsReady();
    }
  }
  // What was handed off is adopted by the same service, which does not drain then.
  void PassOn() {
    for (auto& [connection, state] : std::exchange(handed_off_, {})) {
      const absl::Status status = successor_.Adopt(std::move(connection), std::move(state));
      EXPECT_TRUE(status.ok()) << status;
    }
    RunWhatIsReady();
  }

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  SharedZone zone_ = *SharedZone::Create(8);
  ipc::OwnerTag tag_ = *zone_.Reserve();
  ConnectionCount connections_{zone_.stats(tag_.slot()).active};
  config::v1::Config config_;
  std::deque<std::pair<Connection, std::string>> handed_off_;
  bool has_handoff_room_ = true;
  int logged_ = 0;
  Numbering* protocol_ = new Numbering;  // the service's
  StreamService service_{*this, std::unique_ptr<Protocol>(protocol_)};
  StreamService successor_{*this, std::make_unique<Numbering>()};

 private:
  loop::EventLoop& loop() override { return *loop_; }
  const config::v1::Config& config() const override { return config_; }
  std::uint32_t index() const override { return 0; }
  std::uint32_t slot() const override { return 0; }
  std::uint64_t generation() const override { return 1; }
  SlotStats& stats() override { return zone_.stats(tag_.slot()); }
  const SharedZone& zone() const override { return zone_; }
  absl::StatusOr<const UserZone*> zone(absl::string_view) const override {
    return absl::FailedPreconditionError("there are no zones");
  }
  void Post(std::function<void()> task) override { loop_->Post(std::move(task)); }
  void Log(config::v1::Log::Level, absl::string_view) override { ++logged_; }
  bool is_draining() const override { return false; }
  bool HasHandoffRoom() override { return has_handoff_room_; }
  void HandOff(Connection connection, std::string state) override {
    handed_off_.emplace_back(std::move(connection), std::move(state));
  }
};

TEST_F(StreamServiceTest, OffersWhatWasNotTakenAgain) {
  const ipc::UniqueFd client = Connect();
  Send(client, "a");
  EXPECT_EQ(Receive(client), "");
  Send(client, "b\nc\nd");
  EXPECT_EQ(Receive(client), "1\n2\n");
  Send(client, "\n");
  EXPECT_EQ(Receive(client), "3\n");
}

TEST_F(StreamServiceTest, EndsAClientWhenAllWasSent) {
  const ipc::UniqueFd client = Connect();
  Send(client, "big\nend\nmore\n");
  EXPECT_EQ(Receive(client), "1" + std::string(20000, 'x') + "\n2\n<end>");
  EXPECT_EQ(connections_.held(), 0u);
  EXPECT_EQ(protocol_->ended, 1);
}

TEST_F(StreamServiceTest, AnswersAClientThatHasEndedItsSide) {
  const ipc::UniqueFd client = Connect();
  Send(client, "a\nb\n");
  ::shutdown(client.get(), SHUT_WR);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "1\n2\n<end>");
}

TEST_F(StreamServiceTest, ClosesAClientWhoseInputMakesNoSense) {
  const ipc::UniqueFd client = Connect();
  Send(client, std::string(Stream::kMostUnreadBytes, 'x'));
  EXPECT_TRUE(absl::EndsWith(Receive(client), "<end>"));
  EXPECT_EQ(logged_, 1);
}

TEST_F(StreamServiceTest, ClosesAClientThatDoesNotTakeWhatOthersWriteToIt) {
  const ipc::UniqueFd client = Connect();
  const std::string much(10'000, 'x');
  for (int i = 0; i < 1000 && connections_.held() > 0; ++i) {
    protocol_->last->Write(much);
    RunWhatIsReady();
  }
  EXPECT_EQ(connections_.held(), 0u);
  EXPECT_EQ(protocol_->ended, 1);
}

TEST_F(StreamServiceTest, ReadsNothingFromAClientThatDoesNotTakeItsAnswers) {
  const ipc::UniqueFd client = Connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "big\n";
  Send(client, requests);
  EXPECT_EQ(connections_.held(), 1u) << "2 MB were not gathered for it";
  EXPECT_EQ(Receive(client).size(), 100 * 20002u + 92);
}

TEST_F(StreamServiceTest, HandsAClientOffWithAllThatIsOnItsWay) {
  const ipc::UniqueFd client = Connect();
  std::string requests = "a\n";
  for (int i = 0; i < 30; ++i) requests += "big\n";
  Send(client, requests + "half");
  service_.Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  v1::StreamState state;
  ASSERT_TRUE(state.ParseFromString(handed_off_[0].second));
  EXPECT_FALSE(state.unsent().empty());
  EXPECT_TRUE(absl::EndsWith(state.unread(), "big\nhalf"));
  EXPECT_EQ(protocol_->ended, 0);
  PassOn();
  std::string received = Receive(client);
  EXPECT_EQ(received.size(), 2 + 30 * 20002u + 22);
  Send(client, " a line\n");
  EXPECT_EQ(Receive(client), "32\n");
}

TEST_F(StreamServiceTest, KeepsAClientThatIsFoundGoneWhenItsSessionIsSuspended) {
  ipc::UniqueFd client = Connect();
  protocol_->last_words = "moving\n";
  client.reset();
  service_.Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  RunWhatIsReady();
  EXPECT_EQ(protocol_->ended, 1);
  EXPECT_EQ(connections_.held(), 0u);
}

TEST_F(StreamServiceTest, KeepsAClientThatItsSessionClosesWhenItIsSuspended) {
  const ipc::UniqueFd client = Connect();
  protocol_->last_words = "gone\n";
  protocol_->closes_at_suspend = true;
  service_.Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "gone\n<end>");
  EXPECT_EQ(connections_.held(), 0u);
}

// It would not fit into a message when it is handed off again.
TEST_F(StreamServiceTest, RefusesAStateWithMoreThanAClientMayHaveToTake) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd client(ends[0]);
  v1::StreamState state;
  state.set_session("1");
  state.set_unsent(std::string(Stream::kMostUnsentBytes + 1, 'x'));
  EXPECT_FALSE(service_.Adopt(ConnectionOf(ends[1]), state.SerializeAsString()).ok());
  EXPECT_EQ(Receive(client), "<end>");
}

TEST_F(StreamServiceTest, RefusesAStateThatIsNone) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd client(ends[0]);
  EXPECT_EQ(service_.Adopt(ConnectionOf(ends[1]), "\xff"),
            absl::InvalidArgumentError("its state is no muster.worker.v1.StreamState"));
  EXPECT_EQ(Receive(client), "<end>");
  EXPECT_EQ(connections_.held(), 0u);
}

TEST_F(StreamServiceTest, ServesAClientOnUntilAnotherWorkerHasRoom) {
  const ipc::UniqueFd client = Connect();
  has_handoff_room_ = false;
  service_.Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  Send(client, "a\n");
  EXPECT_EQ(Receive(client), "1\n");
  has_handoff_room_ = true;
  service_.OnHandoffRoom();
  ASSERT_EQ(handed_off_.size(), 1u);
  PassOn();
  Send(client, "b\n");
  EXPECT_EQ(Receive(client), "2\n");
}

TEST_F(StreamServiceTest, SaysGoodbyeWhenNobodyTakesOver) {
  const ipc::UniqueFd client = Connect();
  Send(client, "half");
  service_.Drain(Service::Idle::kClose);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "bye\n<end>");
  EXPECT_EQ(connections_.held(), 0u);
}

}  // namespace
}  // namespace muster::worker
