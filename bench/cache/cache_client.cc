// Loads a server of memcached's text protocol on 127.0.0.1: connections that each send `depth`
// commands at once and await their answers, again and again, nine gets to one set, of random keys.
// All keys are there before. The texts of all commands are made once, so that the client costs
// little, and the same for each server. Prints JSON. The exit code is 1 if an answer is not one
// that the command may have, or does not come within 10 s.

#include <arpa/inet.h>
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
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(10);
// For each set.
constexpr int kGets = 9;
constexpr absl::string_view kStored = "STORED\r\n";
constexpr absl::string_view kEnd = "END\r\n";

struct Options {
  std::uint16_t port = 0;
  int depth = 1;
  int connections = 32;
  int keys = 10'000;
  std::size_t value_bytes = 100;
  double seconds = 3;
};

absl::Status Failed(absl::string_view call) {
  return absl::UnavailableError(absl::StrCat(call, ": ", std::strerror(errno)));
}

// All keys have one length.
std::string KeyOf(int number) { return absl::StrFormat("key-%08d", number); }

// The bytes of commands and answers for one choice of options.
class Traffic {
 public:
  explicit Traffic(const Options& options)
      : depth_(options.depth),
        block_(absl::StrCat(std::string(options.value_bytes, 'v'), "\r\n")),
        hit_bytes_(absl::StrCat("VALUE ", KeyOf(0), " 0 ", options.value_bytes, "\r\n").size() +
                   block_.size() + kEnd.size()) {
    for (int i = 0; i < options.keys; ++i) {
      gets_.push_back(absl::StrCat("get ", KeyOf(i), "\r\n"));
      sets_.push_back(absl::StrCat("set ", KeyOf(i), " 0 0 ", options.value_bytes, "\r\n"));
    }
  }

  std::string Set(std::size_t key) const { return absl::StrCat(sets_[key], block_); }
  // The next commands of a connection, until the next call.
  absl::string_view NextBatch() {
    batch_.clear();
    for (int i = 0; i < depth_; ++i) {
      const std::uint64_t number = random_();
      const std::size_t key = (number >> 8) % gets_.size();
      if (number % (kGets + 1) == 0) {
        batch_.append(sets_[key]).append(block_);
      } else {
        batch_.append(gets_[key]);
      }
    }
    return batch_;
  }

  enum class Answer { kIncomplete, kHit, kMiss, kStored, kOther };
  // Removes an answer from the front of `bytes`. Of a value only its place is looked at.
  Answer Take(absl::string_view& bytes) const {
    if (bytes.empty()) return Answer::kIncomplete;
    switch (bytes.front()) {
      case 'V':
        if (bytes.size() < hit_bytes_) return Answer::kIncomplete;
        if (bytes.substr(hit_bytes_ - kEnd.size(), kEnd.size()) != kEnd) return Answer::kOther;
        bytes.remove_prefix(hit_bytes_);
        return Answer::kHit;
      case 'E':
        return TakeLine(bytes, kEnd, Answer::kMiss);
      case 'S':
        return TakeLine(bytes, kStored, Answer::kStored);
      default:
        return Answer::kOther;
    }
  }

 private:
  static Answer TakeLine(absl::string_view& bytes, absl::string_view line, Answer answer) {
    if (bytes.size() < line.size()) return Answer::kIncomplete;
    if (!absl::StartsWith(bytes, line)) return Answer::kOther;
    bytes.remove_prefix(line.size());
    return answer;
  }

  const int depth_;
  const std::string block_;
  const std::size_t hit_bytes_;
  std::vector<std::string> gets_;
  std::vector<std::string> sets_;
  std::mt19937_64 random_{1};
  std::string batch_;
};

struct Counts {
  std::uint64_t answers = 0;
  std::uint64_t misses = 0;
};

class Client {
 public:
  Client(const Options& options, Traffic& traffic) : options_(options), traffic_(traffic) {}

  absl::Status Start() {
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    for (int i = 0; i < options_.connections; ++i) {
      MUSTER_ASSIGN_OR_RETURN(Connection connection, Connect());
      epoll_event event = {.events = EPOLLIN, .data = {.u32 = static_cast<std::uint32_t>(i)}};
      if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.fd.get(), &event) != 0) {
        return Failed("epoll_ctl");
      }
      connections_.push_back(std::move(connection));
    }
    return Fill();
  }

  absl::StatusOr<Counts> Run() {
    for (Connection& connection : connections_) MUSTER_RETURN_IF_ERROR(Send(connection));
    std::array<epoll_event, 64> events;
    const auto end = Clock::now() + std::chrono::duration<double>(options_.seconds);
    bool is_over = false;
    int awaited = options_.connections;
    while (awaited > 0) {
      const int ready =
          ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                       static_cast<int>(std::chrono::milliseconds(kPatience).count()));
      if (ready == 0) return absl::DeadlineExceededError("the server does not answer");
      is_over = is_over || Clock::now() >= end;
      for (int i = 0; i < ready; ++i) {
        Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u32];
        MUSTER_RETURN_IF_ERROR(Receive(connection));
        if (connection.awaited > 0) continue;
        if (is_over) {
          --awaited;
        } else {
          MUSTER_RETURN_IF_ERROR(Send(connection));
        }
      }
    }
    return counts_;
  }

 private:
  struct Connection {
    ipc::UniqueFd fd;
    int awaited = 0;       // answers
    std::string received;  // of an answer that has come half
  };

  absl::StatusOr<Connection> Connect() const {
    Connection made;
    made.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(options_.port);
    if (::connect(made.fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      return Failed("connect");
    }
    const int one = 1;
    ::setsockopt(made.fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return made;
  }

  // Sets all keys, one after the other.
  absl::Status Fill() {
    Connection& connection = connections_.front();
    for (int i = 0; i < options_.keys; ++i) {
      const std::string command = traffic_.Set(static_cast<std::size_t>(i));
      MUSTER_RETURN_IF_ERROR(SendAll(connection, command));
      connection.awaited = 1;
      while (connection.awaited > 0) MUSTER_RETURN_IF_ERROR(Receive(connection));
    }
    counts_ = Counts();
    return absl::OkStatus();
  }

  absl::Status Send(Connection& connection) {
    connection.awaited = options_.depth;
    return SendAll(connection, traffic_.NextBatch());
  }

  // The sockets block. So the answers to a batch must fit the buffers of the kernel.
  static absl::Status SendAll(const Connection& connection, absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(connection.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return Failed("send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return absl::OkStatus();
  }

  absl::Status Receive(Connection& connection) {
    const ssize_t received = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (received < 0) return Failed("recv");
    if (received == 0) return absl::UnavailableError("the server has closed a connection");
    absl::string_view bytes(buffer_.data(), static_cast<std::size_t>(received));
    const bool is_kept = !connection.received.empty();
    if (is_kept) {
      connection.received.append(bytes.data(), bytes.size());
      bytes = connection.received;
    }
    while (connection.awaited > 0) {
      const Traffic::Answer answer = traffic_.Take(bytes);
      if (answer == Traffic::Answer::kIncomplete) break;
      if (answer == Traffic::Answer::kOther) {
        return absl::UnavailableError(
            absl::StrCat("an answer that no command has: ", bytes.substr(0, 100)));
      }
      ++counts_.answers;
      if (answer == Traffic::Answer::kMiss) ++counts_.misses;
      --connection.awaited;
    }
    if (connection.awaited == 0 && !bytes.empty()) {
      return absl::UnavailableError("more answers than commands");
    }
    if (is_kept) {
      connection.received.erase(0, connection.received.size() - bytes.size());
    } else {
      connection.received.assign(bytes.data(), bytes.size());
    }
    return absl::OkStatus();
  }

  const Options options_;
  Traffic& traffic_;
  ipc::UniqueFd epoll_;
  std::vector<Connection> connections_;
  std::vector<char> buffer_ = std::vector<char>(1 << 20);
  Counts counts_;
};

// Waits for a line on the standard input before the commands that count, so that the server's CPU
// time can be read before them.
absl::Status Run(const Options& options) {
  Traffic traffic(options);
  Client client(options, traffic);
  MUSTER_RETURN_IF_ERROR(client.Start());
  std::printf("ready\n");
  std::fflush(stdout);
  if (std::getchar() == EOF) return absl::CancelledError("the standard input has ended");
  const auto begin = Clock::now();
  MUSTER_ASSIGN_OR_RETURN(const Counts counts, client.Run());
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("{\"answers\": %llu, \"misses\": %llu, \"seconds\": %.4f}\n",
              static_cast<unsigned long long>(counts.answers),
              static_cast<unsigned long long>(counts.misses), seconds);
  return absl::OkStatus();
}

}  // namespace
}  // namespace muster::bench

int main(int argc, char** argv) {
  CLI::App app(
      "Loads a server of memcached's text protocol. It prints \"ready\" once all keys are set, and "
      "begins after a line on its standard input.");
  app.footer("Example: echo | cache_client --port 11211 --depth 16 --seconds 3");
  muster::bench::Options options;
  app.add_option("--port", options.port)->required();
  app.add_option("--depth", options.depth, "commands at once")->check(CLI::Range(1, 256));
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 1000));
  app.add_option("--keys", options.keys)->check(CLI::Range(1, 1'000'000));
  app.add_option("--value-bytes", options.value_bytes)->check(CLI::Range(1, 1'000'000));
  app.add_option("--seconds", options.seconds)->check(CLI::Range(0.01, 600.0));
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = muster::bench::Run(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "cache_client: %s\n", std::string(status.message()).c_str());
  return 1;
}
