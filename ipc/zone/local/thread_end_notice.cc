#include "muster/ipc/zone/local/thread_end_notice.h"

#include <pthread.h>

#include <mutex>

namespace muster::ipc {
namespace {

constinit std::mutex list_mutex;
constinit ThreadEndNotice* first = nullptr;

// A fork while another thread is in the list would leave the child a list that is locked for ever.
void KeepListWholeInForks() {
  [[maybe_unused]] static const int is_kept = ::pthread_atfork(
      [] { list_mutex.lock(); }, [] { list_mutex.unlock(); }, [] { list_mutex.unlock(); });
}

}  // namespace

ThreadEndNotice::ThreadEndNotice(void* lock, Call call) : lock_(lock), call_(call) {
  KeepListWholeInForks();
  const std::lock_guard guard(list_mutex);
  next_ = first;
  if (first != nullptr) first->previous_ = this;
  first = this;
}

ThreadEndNotice::~ThreadEndNotice() {
  const std::lock_guard guard(list_mutex);
  (previous_ != nullptr ? previous_->next_ : first) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

void ThreadEndNotice::CallAll(HoldingThread& ending) {
  const std::lock_guard guard(list_mutex);
  for (ThreadEndNotice* each = first; each != nullptr; each = each->next_) {
    each->call_(each->lock_, ending);
  }
}

}  // namespace muster::ipc
