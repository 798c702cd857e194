#include "muster/master/admin/connection/closer.h"

#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace muster::master {

absl::StatusOr<std::unique_ptr<Closer>> Closer::Create(std::function<void()> on_idle) {
  std::unique_ptr<Closer> closer(new Closer(std::move(on_idle)));
  try {
    closer->thread_ = std::thread([self = closer.get()] { self->Run(); });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(absl::StrCat("start a thread: ", error.what()));
  }
  return closer;
}

Closer::~Closer() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Closer::Close(std::shared_ptr<void> last) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(last));
    ++size_;
  }
  changed_.notify_one();
}

std::size_t Closer::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return size_;
}

void Closer::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::shared_ptr<void> next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    next.reset();
    lock.lock();
    if (--size_ != 0 || is_ending_) continue;
    lock.unlock();
    on_idle_();
    lock.lock();
  }
}

}  // namespace muster::master
