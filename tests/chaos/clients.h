#ifndef MUSTER_TESTS_CHAOS_CLIENTS_H_
#define MUSTER_TESTS_CHAOS_CLIENTS_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "muster/tests/chaos/client.h"

namespace muster::tests::chaos {

// What has happened to the clients' connections, in its order.
struct Observation {
  enum class What { kOpened, kClosed, kForgotten, kHolders, kStale, kWrong };
  What what = What::kOpened;
  std::uint64_t connection = 0;
  std::chrono::steady_clock::time_point at{};
  std::set<pid_t> holders{};  // kHolders
  std::string text{};         // kClosed, kStale, kWrong: more about it
};

// Many keep-alive clients of one server, in a thread of their own. Whose connection is closed
// connects again at once. They also look who of the master's children holds which connection, ten
// times a second. Thread-safe.
class Clients {
 public:
  // Of the server at 127.0.0.1:`port`, whose processes are children of `master`.
  Clients(std::uint16_t port, pid_t master, int count);
  ~Clients();

  // From now on: connects `count` more, or closes as many (never all).
  void Change(int count);
  // Connects `count` more, with downloads that hardly read, beside those of Change. Returns when
  // all have begun, or after `patience`, and it is known who holds them.
  void BeginDownloads(int count, std::chrono::milliseconds patience);
  // For `time` these downloads read all that is there, so that those that were cut see it; then
  // they are gone.
  void EndDownloads(std::chrono::milliseconds time);
  // From now on a request that begins is to be answered by configuration `number` or a later one.
  void Demand(int number) { demanded_ = number; }
  // Whether answers of status 500 and more are to be expected, as when descriptors are rare.
  void AllowFailures(bool are_allowed) { are_failures_allowed_ = are_allowed; }

  // Waits until each client that asks again and again (all but downloads) has got an answer to a
  // request that it began after this call. Returns those that have not after `patience`.
  std::vector<std::string> AwaitRound(std::chrono::milliseconds patience);

  // What was observed since the last call.
  std::vector<Observation> Take();
  // Answers by the number of their configuration; 0: of none.
  std::map<int, std::uint64_t> answers();
  std::uint64_t requests();
  // The connection of each socket, as it is held now, and whether it was ever answered.
  struct Held {
    std::uint64_t connection = 0;
    bool was_answered = false;
  };
  std::map<std::uint64_t, Held> SocketsOfServer();
  std::uint16_t port() const { return port_; }
  int count();

 private:
  void Run();
  void Step();
  void Observe(const Client& client, const Client::Event& event);
  void StepOne(Client& client);
  void LookWhoHolds();
  std::vector<const Client*> All() const;
  std::vector<std::string> Late(std::uint64_t round);

  const std::uint16_t port_;
  const pid_t master_;
  std::atomic<int> demanded_{0};
  std::atomic<bool> are_failures_allowed_{false};
  std::atomic<bool> is_stopped_{false};
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Client> clients_;
  std::vector<Client> downloads_;  // of BeginDownloads
  std::vector<Observation> observations_;
  std::map<int, std::uint64_t> answers_;
  std::uint64_t requests_ = 0;
  std::uint64_t round_ = 0;
  std::uint64_t last_client_ = 0;
  int wanted_;
  std::chrono::steady_clock::time_point last_look_{};
  std::thread thread_;
};

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_CLIENTS_H_
