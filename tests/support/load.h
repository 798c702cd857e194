#ifndef MUSTER_TESTS_SUPPORT_LOAD_H_
#define MUSTER_TESTS_SUPPORT_LOAD_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace muster::tests {

// Clients that ask for a path without a pause until Stop, or until each has made as many
// requests as a story can want. Keep-alive clients connect again only when the server
// said `Connection: close`.
class Load {
 public:
  struct Clients {
    int keep_alive = 0;
    int connection_per_request = 0;
  };
  Load(const std::string& address, const std::string& path, Clients clients);
  ~Load();

  // Ends the clients after their request in flight.
  void Stop();

  // Waits until `count` more requests were answered than now; false after kPatience.
  bool AwaitMore(std::uint64_t count) const;

  std::uint64_t answered() const { return answered_; }
  // Requests without a whole response of status 200.
  std::uint64_t failed() const { return failed_; }
  // Keep-alive connections that the server ended, politely or not.
  std::uint64_t closed() const { return closed_; }

 private:
  void KeepAlive();
  void ConnectionPerRequest();

  const std::string address_;
  const std::string path_;
  std::atomic<bool> is_stopped_{false};
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> closed_{0};
  std::vector<std::thread> threads_;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_LOAD_H_
