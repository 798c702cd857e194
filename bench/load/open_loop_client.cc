// Sends GET requests at a fixed rate on connections that are kept, and prints how long they took,
// from the time at which each was due. It polls without sleeping, so give it a processor of its
// own. All responses must be of status 200 and of one size. The exit code is 1 if one is not, if a
// connection ends, or if the last ones have not come 10 s after the last was due.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/bench/load/latency_record.h"
#include "muster/bench/load/open_loop.h"
#include "muster/bench/load/send_schedule.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::bench {
namespace {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(10);
constexpr char kHeadEnd[] = "\r\n\r\n";
constexpr absl::string_view kGood = "HTTP/1.1 200 ";

struct Options {
  std::uint16_t port = 0;
  std::string path = "/";
  double rate = 0;
  double seconds = 5;
  double warm_up = 1;
  int connections = 64;
};

absl::Status Failed(absl::string_view call) {
  return absl::UnavailableError(absl::StrCat(call, ": ", std::strerror(errno)));
}

absl::StatusOr<ipc::UniqueFd> Connect(std::uint16_t port) {
  ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return Failed("connect");
  }
  const int one = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

// Head and body, by Content-Length. The socket blocks.
absl::StatusOr<std::size_t> ResponseBytes(int fd, absl::string_view request) {
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return Failed("send");
  std::string response;
  std::array<char, 65536> buffer;
  std::size_t whole = 0;
  while (whole == 0 || response.size() < whole) {
    const ssize_t received = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (received <= 0) return absl::UnavailableError("the server sends no whole response");
    response.append(buffer.data(), static_cast<std::size_t>(received));
    const std::size_t end = response.find(kHeadEnd);
    if (end == response.npos) continue;
    const std::string head = absl::AsciiStrToLower(response.substr(0, end + 2));
    if (!absl::StartsWith(response, kGood)) {
      return absl::UnavailableError(absl::StrCat("not 200: ", response.substr(0, end)));
    }
    const std::string name = "\r\ncontent-length:";
    const std::size_t at = head.find(name);
    std::uint64_t body = 0;
    if (at == head.npos ||
        !absl::SimpleAtoi(
            head.substr(at + name.size(), head.find("\r\n", at + 2) - at - name.size()), &body)) {
      return absl::UnavailableError("a response without Content-Length");
    }
    whole = end + sizeof(kHeadEnd) - 1 + body;
  }
  return response.size() == whole ? absl::StatusOr<std::size_t>(whole)
                                  : absl::UnavailableError("more than a response to one request");
}

class Client {
 public:
  static absl::StatusOr<Client> Create(const Options& options) {
    Client client(options);
    client.epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    for (int i = 0; i < options.connections; ++i) {
      MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, Connect(options.port));
      MUSTER_ASSIGN_OR_RETURN(const std::size_t bytes, ResponseBytes(fd.get(), client.request_));
      if (i > 0 && bytes != client.response_bytes_) {
        return absl::UnavailableError("responses of several sizes");
      }
      client.response_bytes_ = bytes;
      ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
      epoll_event event = {.events = EPOLLIN, .data = {.u32 = static_cast<std::uint32_t>(i)}};
      if (::epoll_ctl(client.epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) {
        return Failed("epoll_ctl");
      }
      client.connections_.push_back({.fd = std::move(fd)});
    }
    return client;
  }

  absl::Status Run(OpenLoop& loop, nanoseconds last_due) {
    begin_ = Clock::now();
    std::array<epoll_event, 64> events;
    while (!loop.is_done()) {
      while (const std::optional<int> due = loop.TakeDue(Now())) {
        MUSTER_RETURN_IF_ERROR(Send(connections_[static_cast<std::size_t>(*due)]));
      }
      const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
      for (int i = 0; i < ready; ++i) {
        MUSTER_RETURN_IF_ERROR(Receive(loop, events[static_cast<std::size_t>(i)].data.u32));
      }
      if (ready == 0 && Now() > last_due + kPatience) {
        return absl::DeadlineExceededError(
            absl::StrCat("the server has answered only ", loop.answered(), " requests"));
      }
    }
    return absl::OkStatus();
  }

 private:
  struct Connection {
    ipc::UniqueFd fd;
    std::size_t received_bytes = 0;  // of the response that is awaited
  };

  explicit Client(const Options& options)
      : request_(absl::StrCat("GET ", options.path, " HTTP/1.1\r\nHost: 127.0.0.1:", options.port,
                              "\r\n\r\n")) {}

  nanoseconds Now() const { return Clock::now() - begin_; }

  absl::Status Send(const Connection& connection) const {
    const ssize_t sent =
        ::send(connection.fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(request_.size()) ? absl::OkStatus() : Failed("send");
  }

  absl::Status Receive(OpenLoop& loop, std::uint32_t index) {
    Connection& connection = connections_[index];
    const ssize_t received = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (received == 0) return absl::UnavailableError("the server has closed a connection");
    if (received < 0) return errno == EAGAIN ? absl::OkStatus() : Failed("recv");
    const auto bytes = static_cast<std::size_t>(received);
    if (connection.received_bytes == 0 &&
        std::memcmp(buffer_.data(), kGood.data(), std::min(bytes, kGood.size())) != 0) {
      return absl::UnavailableError(absl::StrCat(
          "not 200: ", absl::string_view(buffer_.data(), std::min<std::size_t>(bytes, 200))));
    }
    connection.received_bytes += bytes;
    if (connection.received_bytes > response_bytes_) {
      return absl::UnavailableError("responses of several sizes");
    }
    if (connection.received_bytes < response_bytes_) return absl::OkStatus();
    connection.received_bytes = 0;
    loop.OnAnswer(static_cast<int>(index), Now());
    return absl::OkStatus();
  }

  std::string request_;
  std::size_t response_bytes_ = 0;
  ipc::UniqueFd epoll_;
  std::vector<Connection> connections_;
  std::vector<char> buffer_ = std::vector<char>(65536);
  Clock::time_point begin_;
};

double Microseconds(nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }

absl::Status Run(const Options& options) {
  const auto duration = [](double seconds) {
    return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
  };
  MUSTER_ASSIGN_OR_RETURN(Client client, Client::Create(options));
  const SendSchedule schedule(options.rate, duration(options.warm_up + options.seconds));
  OpenLoop loop(schedule, options.connections, duration(options.warm_up));
  MUSTER_RETURN_IF_ERROR(client.Run(loop, schedule.DueAt(schedule.count() - 1)));
  const LatencyRecord& latencies = loop.latencies();
  std::printf(
      "{\"requests\": %llu, \"rate\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
      "\"p99_9_us\": %.1f, \"max_us\": %.1f, \"own_delay_p99_9_us\": %.1f}\n",
      static_cast<unsigned long long>(latencies.count()), options.rate,
      Microseconds(latencies.Percentile(0.5)), Microseconds(latencies.Percentile(0.99)),
      Microseconds(latencies.Percentile(0.999)), Microseconds(latencies.max()),
      Microseconds(loop.own_delays().Percentile(0.999)));
  return absl::OkStatus();
}

}  // namespace
}  // namespace muster::bench

int main(int argc, char** argv) {
  CLI::App app("Loads an HTTP server on 127.0.0.1 at a fixed rate. Prints JSON.");
  app.footer("Example: open_loop_client --port 8080 --path /return --rate 50000 --seconds 5");
  muster::bench::Options options;
  app.add_option("--port", options.port)->required();
  app.add_option("--path", options.path);
  app.add_option("--rate", options.rate, "requests a second")
      ->required()
      ->check(CLI::Range(1.0, 1e6));
  app.add_option("--seconds", options.seconds, "that are recorded")->check(CLI::Range(0.01, 600.0));
  app.add_option("--warm-up", options.warm_up, "seconds before them")->check(CLI::Range(0.0, 60.0));
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 10000));
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = muster::bench::Run(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "open_loop_client: %s\n", std::string(status.message()).c_str());
  return 1;
}
