#ifndef MUSTER_TESTS_SUPPORT_KNOCKING_H_
#define MUSTER_TESTS_SUPPORT_KNOCKING_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace muster::tests {

// What tests of changing listeners ask of addresses. An address is as a configuration has it.

// The usual configuration of RunningMaster with these listeners, and with `more`.
std::string ConfigListening(const std::vector<std::string>& addresses,
                            const std::string& more = "");

// The address with another host, as "127.0.0.2".
std::string At(const std::string& host, const std::string& address);

// Whether a request over this connection gets an answer. Waits up to 30 s.
bool IsAnsweredBy(int connection);

// What came of a connection and a request: 0: an answer. ECONNREFUSED and the like: it was not
// connected. -1: it was, and got no answer.
int Knock(const std::string& at);

// Whether a socket without SO_REUSEPORT could be bound there.
bool CanBind(const std::string& at);

// Clients that knock at an address again and again until Stop.
class Knocking {
 public:
  Knocking(const std::string& address, int clients);
  ~Knocking() { Stop(); }
  void Stop();

  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> cut{0};

 private:
  std::atomic<bool> is_stopped_{false};
  std::vector<std::thread> threads_;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_KNOCKING_H_
