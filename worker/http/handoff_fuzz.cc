// For libFuzzer: the bytes are the state of a connection that another worker handed off. It is
// refused, or the client sees what it would have seen without the handoff, and after two of them.
// Requests go to a fixed response, to files, and to a handler that takes bodies in pieces. A
// connection that has left HTTP is a WebSocket: it is refused, or lives on over another handoff.

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"
#include "muster/proto/handoff.pb.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/handoff_state.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/websocket/websocket_handler.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker::http {
namespace {

// So that no input asks for hundreds of large files.
constexpr std::size_t kMostStateBytes = 4096;
// More than a socket takes at once, so that some is left to be sent.
constexpr std::size_t kFileBytes = 300'000;
constexpr int kMostRounds = 100'000;
constexpr std::chrono::milliseconds kPatience(10'000);

// Answers with the body, once all of it has come.
class Collector final : public Handler {
 public:
  bool TakesBodyInPieces() const override { return true; }
  void Handle(const Request& /*request*/, Reply reply) override {
    struct Request {
      Reply reply;
      std::string body;
    };
    auto kept = std::make_shared<Request>(Request{Reply(nullptr), ""});
    reply.TakeBody(
        {.on_piece = [kept](absl::string_view piece) { kept->body.append(std::string(piece)); },
         .on_end = [kept] { kept->reply.Send({.body = kept->body}); }});
    kept->reply = std::move(reply);
  }
};

// Sends each message back, and how many there were.
class Echo final : public websocket::SocketProtocol {
 public:
  class Session final : public websocket::SocketSession {
   public:
    Session(websocket::Socket& socket, std::string state)
        : socket_(socket), state_(std::move(state)) {}
    void OnText(absl::string_view text) override {
      MUSTER_CHECK(socket_.SendText(text).ok(), "a text is UTF-8");
    }
    void OnBinary(websocket::Socket& socket, absl::string_view bytes) override {
      socket.SendBinary(bytes);
    }
    std::string Suspend() override { return state_; }

   private:
    websocket::Socket& socket_;
    const std::string state_;
  };

  std::unique_ptr<websocket::SocketSession> Begin(websocket::Socket& socket,
                                                  const Request& /*request*/) override {
    return std::make_unique<Session>(socket, "");
  }
  absl::StatusOr<std::unique_ptr<websocket::SocketSession>> Resume(websocket::Socket& socket,
                                                                   std::string state) override {
    return std::make_unique<Session>(socket, std::move(state));
  }
};

Handlers AllHandlers() {
  return {{"pieces", [](Context&) { return std::make_unique<Collector>(); }},
          {"echo", websocket::ServeWebSockets(
                       [](Context&) -> absl::StatusOr<std::unique_ptr<websocket::SocketProtocol>> {
                         return std::make_unique<Echo>();
                       })}};
}

// Two services in one process: one that serves, and one that drains from its first connection on.
class Worker final : public Context {
 public:
  Worker() {
    std::signal(SIGPIPE, SIG_IGN);
    char folder[] = "/tmp/muster-fuzz.XXXXXX";
    MUSTER_CHECK(::mkdtemp(folder) != nullptr, "mkdtemp");
    const std::string file = std::string(folder) + "/f";
    std::ofstream(file) << std::string(kFileBytes, 'f');
    // The tag of a young file is another one in each worker, and a file from the future was last
    // modified whenever it is asked for.
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24));
    config::v1::Location& fixed = *config_.mutable_http()->add_location();
    fixed.set_path("/");
    fixed.mutable_return_()->set_body("hello");
    config::v1::Location& files = *config_.mutable_http()->add_location();
    files.set_path("/f");
    files.set_root(folder);
    for (const std::string name : {"pieces", "echo"}) {
      config::v1::Location& location = *config_.mutable_http()->add_location();
      location.set_path("/" + name);
      location.set_handler(name);
    }
    config::FillDefaults(&config_);
    // Only a connection's own requests may decide what it is answered.
    config_.mutable_http()->set_keepalive_requests(0);
    serving_ = *MakeHttpService(*this, AllHandlers());
    draining_ = *MakeHttpService(*this, AllHandlers());
    draining_->Drain(Service::Idle::kHandOff);
  }

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
  void Log(config::v1::Log::Level, absl::string_view) override {}
  bool is_draining() const override { return false; }
  bool HasHandoffRoom() override { return true; }
  void HandOff(Connection connection, std::string state) override {
    v1::HttpConnection parsed;
    MUSTER_CHECK(state.size() <= kMostHandoffStateBytes, "a state fits a message");
    MUSTER_CHECK(UpgradedState::Parse(state).has_value() || parsed.ParseFromString(state),
                 "a state can be read");
    MUSTER_CHECK(serving_->Adopt(std::move(connection), std::move(state)).ok(), "and adopted");
  }

  Connection ConnectionOf(ipc::UniqueFd fd) {
    Connection connection;
    connection.fd = std::move(fd);
    connection.lease = connections_.Take();
    return connection;
  }
  void RunWhatIsReady() {
    MUSTER_CHECK(loop_->RunOnce(loop::Clock::duration::zero()).ok(), "a round of the loop");
  }
  bool IsEmpty() const { return connections_.held() == 0; }

  Service& serving() { return *serving_; }
  Service& draining() { return *draining_; }

 private:
  Metrics metrics_;
  config::v1::Config config_;
  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  SharedZone zone_ = *SharedZone::Create(8);
  ipc::OwnerTag tag_ = *zone_.Reserve();
  ConnectionCount connections_{zone_.stats(tag_.slot()).active};
  std::unique_ptr<Service> serving_;
  std::unique_ptr<Service> draining_;
};

// A client that has sent all it will say and reads until nothing more comes.
class Client {
 public:
  explicit Client(Worker& worker) : worker_(worker) {
    int ends[2];
    MUSTER_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
                 "socketpair");
    own_.reset(ends[0]);
    server_.reset(ends[1]);
  }

  Connection TakeServersEnd() { return worker_.ConnectionOf(std::move(server_)); }
  void Send(absl::string_view bytes) {
    MUSTER_CHECK(bytes.empty() || ::send(own_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                                      static_cast<ssize_t>(bytes.size()),
                 "a socket has room for a state");
  }

  // What comes, but for dates and boundaries, and whether the server closed after it.
  std::string ReadAll() {
    std::string all;
    char buffer[65536];
    for (int round = 0; round < kMostRounds; ++round) {
      worker_.RunWhatIsReady();
      const ssize_t n = ::recv(own_.get(), buffer, sizeof(buffer), 0);
      if (n < 0 && worker_.IsEmpty()) {
        AwaitEnd();
        continue;
      }
      if (n < 0) return Comparable(std::move(all)) + "(open)";
      if (n == 0) return Comparable(std::move(all)) + "(closed)";
      all.append(buffer, n);
    }
    MUSTER_CHECK(false, "a finite number of requests has an end");
    return all;
  }

  // Leaves, and the worker notices.
  void Close() {
    own_.reset();
    const loop::TimePoint end = loop::Clock::now() + kPatience;
    while (!worker_.IsEmpty() && loop::Clock::now() < end) worker_.RunWhatIsReady();
    MUSTER_CHECK(worker_.IsEmpty(), "a connection ends with its client");
  }

 private:
  // The worker has closed its end. Whoever looks into /proc/PID/fd in that moment has it, too.
  void AwaitEnd() const {
    pollfd own = {.fd = own_.get(), .events = POLLIN, .revents = 0};
    MUSTER_CHECK(::poll(&own, 1, static_cast<int>(kPatience.count())) == 1, "a close is seen");
  }
  // Blanks out what is never the same twice.
  static std::string Comparable(std::string text) {
    static constexpr absl::string_view kDate = "\r\nDate: ";
    static constexpr absl::string_view kBoundary = "multipart/byteranges; boundary=";
    for (std::size_t at = 0; (at = text.find(kDate.data(), at, kDate.size())) != text.npos;) {
      at += kDate.size();
      text.erase(at, text.find('\r', at) - at);
    }
    for (std::size_t at = 0;
         (at = text.find(kBoundary.data(), at, kBoundary.size())) != text.npos;) {
      at += kBoundary.size();
      const std::string boundary = text.substr(at, text.find('\r', at) - at);
      for (std::size_t use = at; (use = text.find(boundary, use)) != text.npos;) {
        text.erase(use, boundary.size());
      }
    }
    return text;
  }

  Worker& worker_;
  ipc::UniqueFd own_;
  ipc::UniqueFd server_;
};

// Of a connection that has left HTTP. How it goes on depends on times that the state has.
void ResumeUpgraded(Worker& worker, const std::string& state) {
  Client adopted(worker);
  const bool is_adopted = worker.serving().Adopt(adopted.TakeServersEnd(), state).ok();
  const std::string answers = adopted.ReadAll();
  // What the other worker had to send goes before.
  MUSTER_CHECK(is_adopted || absl::EndsWith(answers, "(closed)"), "what is refused is closed");
  adopted.Close();
  Client twice(worker);
  MUSTER_CHECK(worker.draining().Adopt(twice.TakeServersEnd(), state).ok() == is_adopted,
               "a drain refuses nothing more");
  twice.ReadAll();
  twice.Close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMostStateBytes) return 0;
  static Worker& worker = *new Worker;
  const std::string state(reinterpret_cast<const char*>(data), size);
  if (UpgradedState::Parse(state).has_value()) {
    ResumeUpgraded(worker, state);
    return 0;
  }
  v1::HttpConnection parsed;
  const bool is_state = parsed.ParseFromString(state);

  Client adopted(worker);
  const absl::Status status = worker.serving().Adopt(adopted.TakeServersEnd(), state);
  MUSTER_CHECK(status.ok() == is_state, "what is a state is adopted, no more");
  const std::string answers = adopted.ReadAll();
  adopted.Close();
  // Its time may be over, that for a first request too: then it ends as no other does.
  if (parsed.deadline() > 0 || parsed.opened() > 0) return 0;
  if (!is_state) {
    MUSTER_CHECK(answers == "(closed)", "what is refused is closed");
    return 0;
  }

  Client twice(worker);
  MUSTER_CHECK(worker.draining().Adopt(twice.TakeServersEnd(), state).ok(), "adopted in a drain");
  MUSTER_CHECK(twice.ReadAll() == answers, "two handoffs are as one");
  twice.Close();

  Client direct(worker);
  direct.Send(parsed.unread());
  worker.serving().OnConnection(direct.TakeServersEnd());
  MUSTER_CHECK(direct.ReadAll() == answers, "a handoff is as none");
  direct.Close();
  return 0;
}

}  // namespace muster::worker::http
