// For libFuzzer: the bytes are the state of a client that another worker handed off. It is refused,
// or the client gets what it had to take and the answers to what it had sent, and the same after
// two handoffs.

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/stream/stream_state.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker {
namespace {

constexpr std::size_t kMostStateBytes = 4096;
// Of the loop without anything that comes.
constexpr int kQuietRounds = 4;

// Answers each line with it and what the session began with; "end" closes.
class Lines : public Protocol {
 public:
  class Line : public Session {
   public:
    Line(Stream& stream, std::string state) : stream_(stream), state_(std::move(state)) {}
    std::size_t OnInput(absl::string_view input) override {
      const std::size_t end = input.find('\n');
      if (end == input.npos) return 0;
      stream_.Write(absl::StrCat(state_, input.substr(0, end + 1)));
      if (input.substr(0, end) == "end") stream_.Close();
      return end + 1;
    }
    std::string Suspend() override { return state_; }

   private:
    Stream& stream_;
    const std::string state_;
  };

  std::unique_ptr<Session> Begin(Stream& stream) override {
    return std::make_unique<Line>(stream, "");
  }
  absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string state) override {
    return std::make_unique<Line>(stream, std::move(state));
  }
};

// Two services: one that serves, and one that drains from its first client on.
class Worker final : public Context {
 public:
  Worker() {
    std::signal(SIGPIPE, SIG_IGN);
    // Only what the state says may decide: its times may be over.
    config_.mutable_stream()->mutable_idle_timeout();
    config_.mutable_stream()->mutable_read_timeout();
    config_.mutable_stream()->mutable_write_timeout();
    serving_.reset(new StreamService(*this, std::make_unique<Lines>()));
    draining_.reset(new StreamService(*this, std::make_unique<Lines>()));
    draining_->Drain(Service::Idle::kHandOff);
  }

  // What a client gets whose state is `state`, and whether the connection is open then.
  std::string Serve(StreamService& service, const std::string& state, bool* is_adopted) {
    int ends[2];
    MUSTER_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
                 "socketpair");
    ipc::UniqueFd client(ends[0]);
    Connection connection;
    connection.fd.reset(ends[1]);
    connection.lease = connections_.Take();
    *is_adopted = service.Adopt(std::move(connection), state).ok();
    std::string text;
    for (int quiet = 0; quiet < kQuietRounds;) {
      MUSTER_CHECK(loop_->RunOnce(loop::Clock::duration::zero()).ok(), "a round of the loop");
      char bytes[65536];
      const ssize_t n = ::recv(client.get(), bytes, sizeof(bytes), 0);
      if (n > 0) {
        text.append(bytes, static_cast<std::size_t>(n));
        quiet = 0;
        continue;
      }
      if (n == 0 || errno != EAGAIN) {
        text += "(closed)";
        break;
      }
      ++quiet;
    }
    client.reset();
    for (int round = 0; connections_.held() > 0; ++round) {
      MUSTER_CHECK(round < 1000, "a connection ends with its client");
      MUSTER_CHECK(loop_->RunOnce(loop::Clock::duration::zero()).ok(), "a round of the loop");
    }
    return text;
  }
  StreamService& serving() { return *serving_; }
  StreamService& draining() { return *draining_; }

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
  void Log(config::v1::Log::Level, absl::string_view) override {}
  bool is_draining() const override { return false; }
  bool HasHandoffRoom() override { return true; }
  std::size_t MostHandoffStateBytes() override { return kMostHandoffMemoryBytes; }
  void HandOff(Connection connection, std::string state) override {
    MUSTER_CHECK(serving_->Adopt(std::move(connection), std::move(state)).ok(),
                 "what is handed off is adopted");
  }

  config::v1::Config config_;
  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  SharedZone zone_ = *SharedZone::Create(8);
  Metrics metrics_;
  ipc::OwnerTag tag_ = *zone_.Reserve();
  ConnectionCount connections_{zone_.stats(tag_.slot()).active};
  std::unique_ptr<StreamService> serving_;
  std::unique_ptr<StreamService> draining_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMostStateBytes) return 0;
  static Worker& worker = *new Worker;
  const std::string state(reinterpret_cast<const char*>(data), size);
  const auto parsed = StreamState::Parse(state);

  bool is_adopted = false;
  const std::string once = worker.Serve(worker.serving(), state, &is_adopted);
  MUSTER_CHECK(is_adopted == parsed.ok(), "what is a state is adopted, no more");
  if (!is_adopted) {
    MUSTER_CHECK(once == "(closed)", "what is refused is closed");
    return 0;
  }
  MUSTER_CHECK(absl::StartsWith(once, parsed->unsent), "what was unsent is sent");
  const std::string twice = worker.Serve(worker.draining(), state, &is_adopted);
  MUSTER_CHECK(is_adopted && twice == once, "two handoffs are as one");
  return 0;
}

}  // namespace muster::worker
