#ifndef MUSTER_IPC_TESTING_WATCHDOG_H_
#define MUSTER_IPC_TESTING_WATCHDOG_H_

#include <signal.h>

#include <chrono>
#include <string_view>

namespace muster::ipc::testing {

// Ends the process, with a message that names it, when a phase of its work takes too long. The
// last resort, for what has no bound of its own. Takes SIGALRM and its timer until destruction; one
// object at a time; children of fork are not watched.
class Watchdog {
 public:
  // A phase may last for so many ticks. Of those that go by while the process is stopped, or
  // gets no processor, only one counts.
  explicit Watchdog(int ticks, std::chrono::milliseconds tick = std::chrono::seconds(5));
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // The phase before it is over. What is beyond 255 bytes of `phase` is cut off.
  void Begin(std::string_view phase);

 private:
  const int ticks_;
  struct sigaction before_;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_WATCHDOG_H_
