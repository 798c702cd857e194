#include "muster/ipc/zone/local/holding_thread.h"

#include <pthread.h>

#include <algorithm>

#include "muster/ipc/zone/local/thread_end_notice.h"

namespace muster::ipc {
namespace {

// A key, not a thread_local object: glibc runs the destructors of keys after those of all such
// objects, and once more if a destructor has set the key again.
struct EndKey {
  explicit EndKey(void (*at_end)(void*)) : is_made(::pthread_key_create(&key, at_end) == 0) {}
  pthread_key_t key;
  bool is_made;
};

const EndKey& TheEndKey(void (*at_end)(void*)) {
  static const EndKey key(at_end);
  return key;
}

}  // namespace

// When the program begins, so that no fork comes in the midst of it.
const bool HoldingThread::is_end_seen_ = TheEndKey(&HoldingThread::End).is_made;

HoldingThread& HoldingThread::Enrol() {
  const EndKey& end = TheEndKey(&HoldingThread::End);
  current_ = new HoldingThread();
  if (end.is_made) ::pthread_setspecific(end.key, current_);
  return *current_;
}

void HoldingThread::End(void* thread) {
  auto* const ending = static_cast<HoldingThread*>(thread);
  current_ = nullptr;
  if (ending->HoldsAny()) ThreadEndNotice::CallAll(*ending);
  delete ending;
}

bool HoldingThread::HoldsShared(std::uint64_t lock) const {
  return std::find(shared_, shared_ + shared_count_, lock) != shared_ + shared_count_ ||
         std::find(more_shared_.begin(), more_shared_.end(), lock) != more_shared_.end();
}

bool HoldingThread::RemoveSharedSlowly(std::uint64_t lock) {
  const auto more = std::find(more_shared_.begin(), more_shared_.end(), lock);
  if (more != more_shared_.end()) {
    more_shared_.erase(more);
    return true;
  }
  std::uint64_t* const end = shared_ + shared_count_;
  std::uint64_t* const found = std::find(shared_, end, lock);
  if (found == end) return false;
  std::copy(found + 1, end, found);
  --shared_count_;
  if (!more_shared_.empty()) {
    shared_[shared_count_++] = more_shared_.front();
    more_shared_.erase(more_shared_.begin());
  }
  return true;
}

}  // namespace muster::ipc
