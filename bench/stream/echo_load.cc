#include "muster/bench/stream/echo_load.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::bench {
namespace {

bool Send(int fd, absl::string_view bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool Greet(int fd, const EchoLoad& load) {
  if (load.greeting.empty()) return true;
  if (!Send(fd, load.greeting)) return false;
  std::string answer;
  char byte;
  while (!absl::EndsWith(answer, load.greeting_end)) {
    if (::recv(fd, &byte, 1, 0) != 1) return false;
    answer.push_back(byte);
  }
  return true;
}

// Rounds of all clients until the time is over. Returns how many requests were answered.
absl::StatusOr<std::uint64_t> RunClients(const std::vector<ipc::UniqueFd>& clients,
                                         const EchoLoad& load, double seconds) {
  const auto missing = [] { return absl::UnavailableError("a client got no answer"); };
  for (const ipc::UniqueFd& client : clients) {
    if (!Greet(client.get(), load)) return missing();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::uint64_t answered = 0;
  std::vector<char> buffer(load.answer_bytes);
  while (std::chrono::steady_clock::now() < end) {
    for (const ipc::UniqueFd& client : clients) {
      if (!Send(client.get(), load.requests)) return missing();
    }
    for (const ipc::UniqueFd& client : clients) {
      if (::recv(client.get(), buffer.data(), buffer.size(), MSG_WAITALL) !=
          static_cast<ssize_t>(buffer.size())) {
        return missing();
      }
    }
    answered += static_cast<std::uint64_t>(load.count) * clients.size();
  }
  return answered;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Speed MedianOf(const std::vector<Speed>& speeds) {
  std::vector<double> per_cpu_second, per_second;
  for (const Speed& speed : speeds) {
    per_cpu_second.push_back(speed.per_cpu_second);
    per_second.push_back(speed.per_second);
  }
  return {.per_cpu_second = Median(std::move(per_cpu_second)),
          .per_second = Median(std::move(per_second))};
}

}  // namespace

absl::StatusOr<Speed> Measure(const config::v1::Config& config,
                              const BenchWorker::Maker& make_service, const EchoLoad& load,
                              double seconds) {
  BenchWorker worker(config, make_service);
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < load.clients; ++i) clients.push_back(worker.Connect());
  absl::StatusOr<std::uint64_t> answered = absl::UnknownError("");
  std::thread thread([&] {
    answered = RunClients(clients, load, seconds);
    clients.clear();
  });
  const double used = worker.Run();
  thread.join();
  if (!answered.ok()) return answered.status();
  const auto count = static_cast<double>(*answered);
  return Speed{.per_cpu_second = count / used, .per_second = count / seconds};
}

absl::StatusOr<Comparison> Compare(const std::function<absl::StatusOr<Speed>()>& ours,
                                   const std::function<absl::StatusOr<Speed>()>& peer, int rounds) {
  std::vector<Speed> our_speeds, peer_speeds;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    const bool is_ours_first = round % 2 == 0;
    absl::StatusOr<Speed> first = is_ours_first ? ours() : peer();
    if (!first.ok()) return first.status();
    absl::StatusOr<Speed> second = is_ours_first ? peer() : ours();
    if (!second.ok()) return second.status();
    our_speeds.push_back(is_ours_first ? *first : *second);
    peer_speeds.push_back(is_ours_first ? *second : *first);
    ratios.push_back(our_speeds.back().per_cpu_second / peer_speeds.back().per_cpu_second);
  }
  return Comparison{.ours = MedianOf(our_speeds),
                    .peer = MedianOf(peer_speeds),
                    .ratio = Median(std::move(ratios))};
}

}  // namespace muster::bench
