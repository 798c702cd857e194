#include "muster/tests/chaos/probes.h"

#include <utility>

#include "muster/tests/chaos/client.h"

namespace muster::tests::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kNumberOfBusy = 1;
constexpr int kAtATime = 3;
constexpr milliseconds kPause{1};
// A connection that waits with a worker that is stopped is given up.
constexpr milliseconds kPatience{100};

Client Connect(std::uint16_t port) { return Client(kNumberOfBusy, 0, port); }

}  // namespace

Probes::Probes(std::uint16_t port) : port_(port), thread_([this] { Run(); }) {}

Probes::~Probes() { End(); }

std::vector<Probes::Answer> Probes::End() {
  is_ended_ = true;
  if (thread_.joinable()) thread_.join();
  return std::exchange(answers_, {});
}

void Probes::Run() {
  struct Probe {
    Time began;
    Client client;
  };
  std::vector<Probe> probes;
  const auto connect = [&] {
    const Time began = steady_clock::now();
    return Probe{began, Connect(port_)};
  };
  while (!is_ended_) {
    while (probes.size() < kAtATime) probes.push_back(connect());
    for (Probe& probe : probes) {
      const Time now = steady_clock::now();
      bool is_over = now > probe.began + kPatience;
      for (const Client::Event& event : probe.client.Step(now, 0, 0, true)) {
        if (event.what != Client::Event::What::kAnswered) continue;
        answers_.push_back({probe.began, event.configuration});
        is_over = true;
      }
      if (is_over || probe.client.is_closed()) probe = connect();
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace muster::tests::chaos
