#include "muster/master/aside/side_thread.h"

#include <signal.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

struct SideThread::Shared {
  host::WaitBoard board;
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::deque<Task> tasks;
  std::optional<std::chrono::steady_clock::time_point> began;  // of the task under way
  bool is_leaving = false;
  bool is_gone = false;

  void Perform() {
    std::unique_lock<std::mutex> lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return is_leaving || !tasks.empty(); });
      if (is_leaving) break;
      {
        Task task = std::move(tasks.front());
        tasks.pop_front();
        began = std::chrono::steady_clock::now();
        lock.unlock();
        task();
        // Its end may wait, too.
        task = nullptr;
      }
      lock.lock();
      began.reset();
    }
    std::deque<Task> dropped = std::exchange(tasks, {});
    lock.unlock();
    dropped.clear();
    lock.lock();
    is_gone = true;
    changed.notify_all();
  }
};

std::string SideThread::Busy::ToString() const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since).count();
  return absl::StrCat("still ", what.empty() ? "busy" : what, " after ", seconds, "s");
}

absl::StatusOr<std::unique_ptr<SideThread>> SideThread::Start() {
  auto shared = std::make_shared<Shared>();
  sigset_t all;
  ::sigfillset(&all);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  int error = ::pthread_attr_setsigmask_np(&attributes, &all);
  pthread_t thread{};
  if (error == 0) {
    auto passed = std::make_unique<std::shared_ptr<Shared>>(shared);
    error = ::pthread_create(&thread, &attributes, &Main, passed.get());
    if (error == 0) passed.release();  // the thread's
  }
  ::pthread_attr_destroy(&attributes);
  if (error != 0) return ipc::ErrnoStatus("start a thread", error);
  return std::unique_ptr<SideThread>(new SideThread(thread, std::move(shared)));
}

SideThread::SideThread(pthread_t thread, std::shared_ptr<Shared> shared)
    : thread_(thread), shared_(std::move(shared)) {}

SideThread::~SideThread() {
  bool is_gone = false;
  {
    std::unique_lock<std::mutex> lock(shared_->mutex);
    shared_->is_leaving = true;
    shared_->changed.notify_all();
    is_gone = shared_->changed.wait_for(lock, kPatience, [this] { return shared_->is_gone; });
  }
  if (is_gone) {
    ::pthread_join(thread_, nullptr);
  } else {
    ::pthread_detach(thread_);
  }
}

void* SideThread::Main(void* shared) {
  const std::unique_ptr<std::shared_ptr<Shared>> own(static_cast<std::shared_ptr<Shared>*>(shared));
  host::WaitBoard::Attach((*own)->board);
  (*own)->Perform();
  return nullptr;
}

void SideThread::Post(Task task) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->tasks.push_back(std::move(task));
  shared_->changed.notify_all();
}

std::optional<SideThread::Busy> SideThread::busy() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  if (!shared_->began) return std::nullopt;
  return Busy{shared_->board.text(), std::chrono::steady_clock::now() - *shared_->began};
}

}  // namespace muster::master
