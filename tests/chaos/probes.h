#ifndef MUSTER_TESTS_CHAOS_PROBES_H_
#define MUSTER_TESTS_CHAOS_PROBES_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace muster::tests::chaos {

// Connects again and again as fast as it can, for one request each, from its construction until
// End. Whoever accepts at a moment at which he should not is seen this way.
class Probes {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Answer {
    Time began{};  // before the connection was made
    int configuration = 0;
  };

  // Of the server at 127.0.0.1:`port`.
  explicit Probes(std::uint16_t port);
  ~Probes();

  // Makes no further connection. Returns what was answered, in no order.
  std::vector<Answer> End();

 private:
  void Run();

  const std::uint16_t port_;
  std::atomic<bool> is_ended_{false};
  std::vector<Answer> answers_;  // the thread's, until it has ended
  std::thread thread_;
};

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_PROBES_H_
