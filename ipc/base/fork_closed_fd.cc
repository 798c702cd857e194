#include "muster/ipc/base/fork_closed_fd.h"

#include <pthread.h>

#include <mutex>
#include <utility>

namespace muster::ipc {

// All of this process's, in a list, which is locked over a fork.
struct ForkClosedFd::Entry {
  explicit Entry(UniqueFd owned) : fd(std::move(owned)) {
    [[maybe_unused]] static const int registered =
        ::pthread_atfork([] { mutex.lock(); }, [] { mutex.unlock(); }, InChild);
    const std::lock_guard lock(mutex);
    next = first;
    first = this;
  }
  ~Entry() {
    const std::lock_guard lock(mutex);
    Entry** place = &first;
    while (*place != this) place = &(*place)->next;
    *place = next;
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  static void InChild() {
    for (Entry* each = first; each != nullptr; each = each->next) each->fd.reset();
    mutex.unlock();
  }

  UniqueFd fd;
  Entry* next;

  inline static constinit std::mutex mutex;
  inline static constinit Entry* first = nullptr;
};

ForkClosedFd::ForkClosedFd(UniqueFd fd) : entry_(std::make_unique<Entry>(std::move(fd))) {}
ForkClosedFd::ForkClosedFd(ForkClosedFd&&) noexcept = default;
ForkClosedFd::~ForkClosedFd() = default;

ForkClosedFd& ForkClosedFd::operator=(ForkClosedFd&& other) noexcept {
  std::swap(entry_, other.entry_);
  return *this;
}

int ForkClosedFd::get() const { return entry_->fd.get(); }

void ForkClosedFd::Close() { entry_->fd.reset(); }

}  // namespace muster::ipc
