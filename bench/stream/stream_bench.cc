// Compares two styles of a session for a protocol of lines, whose clients send several at once:
//
// a line each  takes one line in each OnInput, and writes each answer by itself
// by itself    takes all lines in one OnInput, and writes all answers together
//
// A service with each runs in turn within each round, in a thread of its own, over loopback. The
// figure is lines per second of this thread's CPU time; the ratio is the median of those of the
// rounds. The exit code is 1 if an answer is missing.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::bench {
namespace {

constexpr int kClients = 8;
constexpr double kTarget = 0.9;
constexpr int kDepths[] = {1, 16, 64};
constexpr char kLine[] = "get a-key-of-usual-length\n";

double ThreadCpuSeconds() {
  timespec used;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

std::string AnswerTo(absl::string_view line) { return absl::StrCat("VALUE ", line.substr(4)); }

class LineEach : public worker::Session {
 public:
  explicit LineEach(worker::Stream& stream) : stream_(stream) {}
  std::size_t OnInput(absl::string_view input) override {
    const std::size_t end = input.find('\n');
    if (end == input.npos) return 0;
    stream_.Write(AnswerTo(input.substr(0, end + 1)));
    return end + 1;
  }
  std::string Suspend() override { return ""; }

 private:
  worker::Stream& stream_;
};

class ByItself : public worker::Session {
 public:
  explicit ByItself(worker::Stream& stream) : stream_(stream) {}
  std::size_t OnInput(absl::string_view input) override {
    std::string answers;
    std::size_t done = 0;
    for (std::size_t end; (end = input.find('\n', done)) != input.npos; done = end + 1) {
      answers += AnswerTo(input.substr(done, end + 1 - done));
    }
    stream_.Write(answers);
    return done;
  }
  std::string Suspend() override { return ""; }

 private:
  worker::Stream& stream_;
};

template <typename Kind>
class Protocol : public worker::Protocol {
 public:
  std::unique_ptr<worker::Session> Begin(worker::Stream& stream) override {
    return std::make_unique<Kind>(stream);
  }
  absl::StatusOr<std::unique_ptr<worker::Session>> Resume(worker::Stream& stream,
                                                          std::string) override {
    return Begin(stream);
  }
};

// A worker, as far as a stream service needs one.
class Worker final : public worker::Context {
 public:
  explicit Worker(std::unique_ptr<worker::Protocol> protocol)
      : service_(*this, std::move(protocol)) {}

  void Take(ipc::UniqueFd fd) {
    worker::Connection connection;
    connection.fd = std::move(fd);
    connection.lease = connections_.Take();
    service_.OnConnection(std::move(connection));
  }
  // Until all clients have left. Returns the CPU time.
  double Run() {
    const double before = ThreadCpuSeconds();
    while (connections_.held() > 0) {
      MUSTER_CHECK(loop_->RunOnce(std::chrono::seconds(1)).ok(), "a round of the loop");
    }
    return ThreadCpuSeconds() - before;
  }

 private:
  loop::EventLoop& loop() override { return *loop_; }
  const config::v1::Config& config() const override { return config_; }
  std::uint32_t index() const override { return 0; }
  std::uint32_t slot() const override { return 0; }
  std::uint64_t generation() const override { return 1; }
  worker::SlotStats& stats() override { return zone_.stats(tag_.slot()); }
  const worker::SharedZone& zone() const override { return zone_; }
  absl::StatusOr<const worker::UserZone*> zone(absl::string_view) const override {
    return absl::FailedPreconditionError("there are no zones");
  }
  worker::Metrics& metrics() override { return metrics_; }
  void Post(std::function<void()> task) override { loop_->Post(std::move(task)); }
  void Log(config::v1::Log::Level, absl::string_view line) override {
    std::fprintf(stderr, "%s\n", std::string(line).c_str());
  }
  bool is_draining() const override { return false; }
  bool HasHandoffRoom() override { return false; }
  void HandOff(worker::Connection, std::string) override {}

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  worker::SharedZone zone_ = *worker::SharedZone::Create(8);
  worker::Metrics metrics_;
  ipc::OwnerTag tag_ = *zone_.Reserve();
  worker::ConnectionCount connections_{zone_.stats(tag_.slot()).active};
  config::v1::Config config_;
  worker::StreamService service_;
};

// The client's end and the server's.
std::pair<ipc::UniqueFd, ipc::UniqueFd> Connect() {
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
  ipc::UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int one = 1;
  for (const int fd : {client.get(), server.get()}) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  }
  return {std::move(client), std::move(server)};
}

// Sends `depth` lines on all, and receives the answers, again and again. Returns how many lines
// were answered.
std::uint64_t Load(const std::vector<ipc::UniqueFd>& clients, int depth, double seconds,
                   bool* has_failed) {
  std::string lines;
  std::size_t answer_bytes = 0;
  for (int i = 0; i < depth; ++i) {
    lines += kLine;
    answer_bytes += AnswerTo(kLine).size();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::uint64_t answered = 0;
  std::vector<char> buffer(answer_bytes);
  while (std::chrono::steady_clock::now() < end) {
    for (const ipc::UniqueFd& client : clients) {
      *has_failed |= ::send(client.get(), lines.data(), lines.size(), MSG_NOSIGNAL) !=
                     static_cast<ssize_t>(lines.size());
    }
    for (const ipc::UniqueFd& client : clients) {
      *has_failed |= ::recv(client.get(), buffer.data(), buffer.size(), MSG_WAITALL) !=
                     static_cast<ssize_t>(buffer.size());
    }
    if (*has_failed) break;
    answered += static_cast<std::uint64_t>(depth) * clients.size();
  }
  return answered;
}

// Lines per second of CPU time.
double Measure(std::unique_ptr<worker::Protocol> protocol, int depth, double seconds,
               bool* has_failed) {
  Worker worker(std::move(protocol));
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < kClients; ++i) {
    auto [client, server] = Connect();
    worker.Take(std::move(server));
    clients.push_back(std::move(client));
  }
  std::uint64_t answered = 0;
  std::thread load([&] {
    answered = Load(clients, depth, seconds, has_failed);
    clients.clear();
  });
  const double used = worker.Run();
  load.join();
  return static_cast<double>(answered) / used;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int Run(int rounds, double seconds, bool is_json) {
  bool has_failed = false;
  const auto each = [&](int depth) {
    return Measure(std::make_unique<Protocol<LineEach>>(), depth, seconds, &has_failed);
  };
  const auto itself = [&](int depth) {
    return Measure(std::make_unique<Protocol<ByItself>>(), depth, seconds, &has_failed);
  };
  std::printf("%s",
              is_json ? "[" : "lines at once    a line each     by itself   ratio   target\n");
  for (const int depth : kDepths) {
    std::vector<double> eaches, itselfs, ratios;
    for (int round = 0; round < rounds; ++round) {
      const bool is_first = round % 2 == 0;
      const double first = is_first ? each(depth) : itself(depth);
      const double second = is_first ? itself(depth) : each(depth);
      eaches.push_back(is_first ? first : second);
      itselfs.push_back(is_first ? second : first);
      ratios.push_back(eaches.back() / itselfs.back());
    }
    const double ratio = Median(ratios);
    if (is_json) {
      std::printf("%s\n {\"lines\": %d, \"line_each\": %.0f, \"by_itself\": %.0f, \"ratio\": %.3f}",
                  depth == kDepths[0] ? "" : ",", depth, Median(eaches), Median(itselfs), ratio);
    } else {
      std::printf("%13d   %8.0f k/s   %8.0f k/s    %.2f   %s\n", depth, Median(eaches) / 1000,
                  Median(itselfs) / 1000, ratio,
                  depth == 1 ? "" : (ratio >= kTarget ? ">= 0.90   met" : ">= 0.90   MISSED"));
    }
    std::fflush(stdout);
  }
  if (is_json) std::printf("\n]\n");
  return has_failed ? 1 : 0;
}

}  // namespace
}  // namespace muster::bench

int main(int argc, char** argv) {
  CLI::App app("Compares styles of sessions for a protocol of lines.");
  int rounds = 9;
  double seconds = 0.5;
  bool is_json = false;
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 1000));
  app.add_option("--seconds", seconds, "of each style in each round")
      ->check(CLI::Range(0.01, 60.0));
  app.add_flag("--json", is_json);
  CLI11_PARSE(app, argc, argv);
  return muster::bench::Run(rounds, seconds, is_json);
}
