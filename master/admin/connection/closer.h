#ifndef MUSTER_MASTER_ADMIN_CONNECTION_CLOSER_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_CLOSER_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"

namespace muster::master {

// Destroys what may block when it is destroyed, in a thread of its own: a gRPC server waits for its
// calls, and the last close of a socket for what SO_LINGER says. Thread-safe. Signals should be
// blocked in the thread that creates it, since its own thread inherits that.
class Closer {
 public:
  // `on_idle` is called in the closer's thread whenever nothing is left to destroy, until the
  // closer's destruction begins. ResourceExhausted: no thread can be started.
  static absl::StatusOr<std::unique_ptr<Closer>> Create(std::function<void()> on_idle);
  // Waits until all that it was given is destroyed.
  ~Closer();
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;

  // Takes over a reference, the last one for the destruction to be here. In the order of the calls.
  void Close(std::shared_ptr<void> last);
  // How much waits for its destruction, or is being destroyed.
  std::size_t size() const;

 private:
  explicit Closer(std::function<void()> on_idle) : on_idle_(std::move(on_idle)) {}
  void Run();

  const std::function<void()> on_idle_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<void>> queue_;
  std::size_t size_ = 0;  // of the queue, with what is being destroyed
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_CLOSER_H_
