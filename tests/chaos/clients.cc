#include "muster/tests/chaos/clients.h"

#include <poll.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "muster/tests/chaos/process_view.h"

namespace muster::tests::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTick{10};
constexpr milliseconds kLookPause{100};

}  // namespace

Clients::Clients(std::uint16_t port, pid_t master, int count)
    : port_(port), master_(master), wanted_(count), thread_([this] { Run(); }) {}

Clients::~Clients() {
  is_stopped_ = true;
  thread_.join();
}

void Clients::Change(int count) {
  const std::lock_guard lock(mutex_);
  wanted_ = std::max(1, wanted_ + count);
}

int Clients::count() {
  const std::lock_guard lock(mutex_);
  return wanted_;
}

std::map<int, std::uint64_t> Clients::answers() {
  const std::lock_guard lock(mutex_);
  return answers_;
}

std::uint64_t Clients::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<Observation> Clients::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(observations_, {});
}

void Clients::Run() {
  while (!is_stopped_) {
    {
      const std::lock_guard lock(mutex_);
      Step();
    }
    std::this_thread::sleep_for(kTick);
  }
}

void Clients::Step() {
  const auto now = steady_clock::now();
  while (static_cast<int>(clients_.size()) > wanted_) {
    observations_.push_back({.what = Observation::What::kForgotten,
                             .connection = clients_.back().connection(),
                             .at = now});
    clients_.pop_back();
  }
  while (static_cast<int>(clients_.size()) < wanted_) {
    const std::uint64_t number = clients_.size();
    clients_.emplace_back(number, ++last_client_, port_);
    observations_.push_back({.connection = last_client_, .at = clients_.back().opened()});
  }
  for (Client& client : clients_) StepOne(client);
  for (Client& client : downloads_) StepOne(client);
  if (now >= last_look_ + kLookPause) {
    LookWhoHolds();
    last_look_ = steady_clock::now();
  }
}

void Clients::StepOne(Client& client) {
  const auto now = steady_clock::now();
  for (const Client::Event& event : client.Step(now, demanded_, round_, are_failures_allowed_)) {
    Observe(client, event);
  }
  if (!client.is_closed()) return;
  client = Client(client.number(), ++last_client_, port_);
  observations_.push_back({.connection = last_client_, .at = client.opened()});
}

void Clients::BeginDownloads(int count, milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < count; ++i) {
      downloads_.emplace_back(Client::kNumberOfStuckDownload, ++last_client_, port_);
      observations_.push_back({.connection = last_client_, .at = downloads_.back().opened()});
    }
  }
  const auto deadline = steady_clock::now() + patience;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      const bool have_begun =
          std::all_of(downloads_.begin(), downloads_.end(),
                      [](const Client& client) { return client.is_within_answer(); });
      if (have_begun || steady_clock::now() >= deadline) {
        LookWhoHolds();
        return;
      }
    }
    std::this_thread::sleep_for(kTick);
  }
}

void Clients::EndDownloads(milliseconds time) {
  {
    const std::lock_guard lock(mutex_);
    for (Client& client : downloads_) client.Hurry();
  }
  std::this_thread::sleep_for(time);
  const std::lock_guard lock(mutex_);
  for (const Client& client : downloads_) {
    observations_.push_back({.what = Observation::What::kForgotten,
                             .connection = client.connection(),
                             .at = steady_clock::now()});
  }
  downloads_.clear();
}

std::vector<const Client*> Clients::All() const {
  std::vector<const Client*> all;
  for (const Client& client : clients_) all.push_back(&client);
  for (const Client& client : downloads_) all.push_back(&client);
  return all;
}

void Clients::Observe(const Client& client, const Client::Event& event) {
  Observation observation = {.connection = client.connection(), .at = steady_clock::now()};
  switch (event.what) {
    case Client::Event::What::kAnswered:
      ++requests_;
      ++answers_[event.configuration];
      return;
    case Client::Event::What::kClosed:
      observation.what = Observation::What::kClosed;
      observation.text = event.text;
      break;
    case Client::Event::What::kStale:
      observation.what = Observation::What::kStale;
      observation.text = absl::StrCat(event.text, ": ", client.Text());
      break;
    case Client::Event::What::kWrong:
      observation.what = Observation::What::kWrong;
      observation.text = absl::StrCat(event.text, ": ", client.Text());
      break;
  }
  observations_.push_back(std::move(observation));
}

std::map<std::uint64_t, Clients::Held> Clients::SocketsOfServer() {
  const std::map<std::uint16_t, std::uint64_t> inodes = ServerSocketsAt(port_).connections;
  const std::lock_guard lock(mutex_);
  std::map<std::uint64_t, Held> sockets;
  for (const Client* client : All()) {
    const auto inode = inodes.find(client->local_port());
    if (inode == inodes.end() || inode->second == 0) continue;
    sockets[inode->second] = {client->connection(), client->was_answered()};
  }
  return sockets;
}

void Clients::LookWhoHolds() {
  std::map<std::uint64_t, std::uint64_t> connections;  // by the inode of the server's socket
  const std::map<std::uint16_t, std::uint64_t> inodes = ServerSocketsAt(port_).connections;
  for (const Client* client : All()) {
    const auto inode = inodes.find(client->local_port());
    if (inode != inodes.end() && inode->second != 0) {
      connections[inode->second] = client->connection();
    }
  }
  std::map<std::uint64_t, std::set<pid_t>> holders;
  for (const pid_t pid : ChildrenOf(master_)) {
    for (const std::uint64_t inode : SocketsOf(pid)) {
      const auto connection = connections.find(inode);
      if (connection != connections.end()) holders[connection->second].insert(pid);
    }
  }
  const auto now = steady_clock::now();
  for (auto& [connection, pids] : holders) {
    observations_.push_back({.what = Observation::What::kHolders,
                             .connection = connection,
                             .at = now,
                             .holders = std::move(pids)});
  }
}

std::vector<std::string> Clients::Late(std::uint64_t round) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> late;
  for (const Client& client : clients_) {
    if (client.kind() == Client::Kind::kDownload || client.kind() == Client::Kind::kStuckDownload ||
        client.answered_round() >= round) {
      continue;
    }
    late.push_back(absl::StrCat("connection ", client.connection(), ": ", client.Text()));
  }
  return late;
}

std::vector<std::string> Clients::AwaitRound(milliseconds patience) {
  std::uint64_t round;
  {
    const std::lock_guard lock(mutex_);
    round = ++round_;
  }
  const auto deadline = steady_clock::now() + patience;
  std::vector<std::string> late = Late(round);
  while (!late.empty() && steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kTick);
    late = Late(round);
  }
  return late;
}

}  // namespace muster::tests::chaos
