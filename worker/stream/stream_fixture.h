#ifndef MUSTER_WORKER_STREAM_STREAM_FIXTURE_H_
#define MUSTER_WORKER_STREAM_STREAM_FIXTURE_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker {

// Takes a line a call. What a session does can be replaced.
class Lines : public Protocol {
 public:
  class Line : public Session {
   public:
    Line(Lines& lines, Stream& line_stream, int line_count)
        : stream(line_stream), count(line_count), lines_(lines) {}

    std::size_t OnInput(absl::string_view input) override {
      const std::size_t end = input.find('\n');
      if (end == input.npos) return 0;
      ++count;
      return lines_.on_line(*this, input.substr(0, end)) ? end + 1 : 0;
    }
    void OnInputEnd(Stream& of) override {
      if (lines_.on_input_end == nullptr) return Session::OnInputEnd(of);
      lines_.on_input_end(*this);
    }
    void OnWritable() override { Call(lines_.on_writable); }
    void OnDrain() override {
      ++lines_.drained;
      Call(lines_.on_drain);
    }
    std::string Suspend() override {
      Call(lines_.on_suspend);
      return absl::StrCat(count) + lines_.more_state;
    }
    void OnEnd() override {
      ++lines_.ended;
      Call(lines_.on_end);
    }
    void OnQuit() override { stream.Write("bye\n"); }

    Stream& stream;
    int count;

   private:
    void Call(const std::function<void(Line&)>& what) {
      if (what != nullptr) what(*this);
    }

    Lines& lines_;
  };

  std::unique_ptr<Session> Begin(Stream& stream) override {
    last = &stream;
    if (on_begin != nullptr) on_begin(stream);
    return std::make_unique<Line>(*this, stream, 0);
  }
  absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string state) override {
    if (state.empty()) return absl::InvalidArgumentError("its state has no number");
    last = &stream;
    ++resumed;
    if (on_resume != nullptr) on_resume(stream);
    return std::make_unique<Line>(*this, stream, std::stoi(state));
  }
  void OnDrain() override {
    ++drains;
    if (on_protocol_drain != nullptr) on_protocol_drain();
  }
  absl::Status Reopen() override { return on_reopen == nullptr ? absl::OkStatus() : on_reopen(); }

  // Answers each line with its number among those of the client; "big" with 20000 bytes, "end"
  // closes. False: it is not consumed.
  std::function<bool(Line&, absl::string_view)> on_line = [](Line& line, absl::string_view text) {
    line.stream.Write(std::to_string(line.count) + (text == "big" ? std::string(20000, 'x') : "") +
                      "\n");
    if (text == "end") line.stream.Close();
    return true;
  };
  std::function<void(Stream&)> on_begin;
  std::function<void(Stream&)> on_resume;
  std::function<void()> on_protocol_drain;
  std::function<absl::Status()> on_reopen;
  std::function<void(Line&)> on_input_end;
  std::function<void(Line&)> on_writable;
  std::function<void(Line&)> on_drain;
  std::function<void(Line&)> on_suspend;
  std::function<void(Line&)> on_end;
  std::string more_state;  // of a session that is suspended, behind its number

  Stream* last = nullptr;
  int ended = 0;
  int resumed = 0;
  int drained = 0;  // sessions
  int drains = 0;
};

// A service, one to which its clients may be handed off, and real sockets.
class StreamTest : public testing::Test, protected Context {
 protected:
  // The service is made with the first connection, so that a test may configure it.
  StreamService& service() {
    if (service_ == nullptr) {
      service_.reset(new StreamService(*this, std::unique_ptr<Protocol>(protocol_)));
    }
    return *service_;
  }
  StreamService& successor() {
    if (successor_ == nullptr) {
      successor_.reset(new StreamService(*this, std::unique_ptr<Protocol>(next_protocol_)));
    }
    return *successor_;
  }
  ~StreamTest() override {
    service();
    successor();
  }

  // A client's end of a connection that the service serves. `type`: with SOCK_SEQPACKET what is
  // sent at once is received at once.
  ipc::UniqueFd Connect(int type = SOCK_STREAM) {
    int ends[2];
    MUSTER_CHECK(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
                 "socketpair");
    service().OnConnection(ConnectionOf(ends[1]));
    return ipc::UniqueFd(ends[0]);
  }
  // The same over TCP.
  ipc::UniqueFd ConnectTcp() {
    const ipc::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    ipc::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    MUSTER_CHECK(::bind(listener.get(), generic, size) == 0 && ::listen(listener.get(), 1) == 0 &&
                     ::getsockname(listener.get(), generic, &size) == 0 &&
                     ::connect(client.get(), generic, size) == 0,
                 "a connection over loopback");
    service().OnConnection(
        ConnectionOf(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)));
    const timeval patience = {.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return client;
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
  // False: it was not so within 20 seconds.
  bool RunUntil(const std::function<bool()>& is_done) {
    const auto deadline = loop::Clock::now() + std::chrono::seconds(20);
    while (!is_done()) {
      if (loop::Clock::now() > deadline) return false;
      EXPECT_TRUE(loop_->RunOnce(std::chrono::milliseconds(1)).ok());
    }
    return true;
  }
  bool RunUntilClosed() {
    return RunUntil([this] { return connections_.held() == 0; });
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
      const ssize_t n = ::recv(client.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return text;
      if (n <= 0) return text + "<end>";
      text.append(bytes, static_cast<std::size_t>(n));
      RunWhatIsReady();
    }
  }
  // Until it has that, or 20 seconds.
  std::string ReceiveUntil(const ipc::UniqueFd& client, const std::string& end) {
    std::string text;
    RunUntil([&] {
      text += Receive(client);
      return text.size() >= end.size() &&
             text.compare(text.size() - end.size(), end.npos, end) == 0;
    });
    return text;
  }
  // One packet of a client over SOCK_SEQPACKET.
  static std::string ReceivePacket(const ipc::UniqueFd& client) {
    char bytes[65536];
    const ssize_t n = ::recv(client.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    return n <= 0 ? "<nothing>" : std::string(bytes, static_cast<std::size_t>(n));
  }
  // What was handed off is adopted by the successor, which does not drain.
  void PassOn() {
    for (auto& [connection, state] : std::exchange(handed_off_, {})) {
      const absl::Status status = successor().Adopt(std::move(connection), std::move(state));
      EXPECT_TRUE(status.ok()) << status;
    }
    RunWhatIsReady();
  }
  config::v1::Stream& settings() { return *config_.mutable_stream(); }

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  SharedZone zone_ = *SharedZone::Create(8);
  Metrics metrics_;
  ipc::OwnerTag tag_ = *zone_.Reserve();
  ConnectionCount connections_{zone_.stats(tag_.slot()).active};
  config::v1::Config config_;
  std::deque<std::pair<Connection, std::string>> handed_off_;
  bool has_handoff_room_ = true;
  std::size_t most_handed_off_ = std::numeric_limits<std::size_t>::max();
  int room_questions_ = 0;  // of the service
  std::size_t most_state_bytes_ = kMostHandoffMemoryBytes;
  std::vector<std::string> log_;
  Lines* protocol_ = new Lines;       // the service's
  Lines* next_protocol_ = new Lines;  // the successor's

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
  Metrics& metrics() override { return metrics_; }
  void Post(std::function<void()> task) override { loop_->Post(std::move(task)); }
  void Log(config::v1::Log::Level, absl::string_view line) override { log_.emplace_back(line); }
  bool is_draining() const override { return false; }
  bool HasHandoffRoom() override {
    ++room_questions_;
    return has_handoff_room_ && handed_off_.size() < most_handed_off_;
  }
  std::size_t MostHandoffStateBytes() override { return most_state_bytes_; }
  void HandOff(Connection connection, std::string state) override {
    EXPECT_LE(state.size(), most_state_bytes_);
    handed_off_.emplace_back(std::move(connection), std::move(state));
  }

  std::unique_ptr<StreamService> service_;
  std::unique_ptr<StreamService> successor_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_FIXTURE_H_
