#ifndef MUSTER_IPC_ZONE_LOCAL_THREAD_END_NOTICE_H_
#define MUSTER_IPC_ZONE_LOCAL_THREAD_END_NOTICE_H_

namespace muster::ipc {

class HoldingThread;

// A lock's wish to hear of each thread that ends while it holds some lock, as long as this object
// lives. The last member of the lock, so that no call comes before the lock is complete, or later.
// Threads may make and destroy them at any time, and after a fork in the child too.
class ThreadEndNotice {
 public:
  // `call` runs in the thread that ends. It must not block, and must not make or destroy notices.
  using Call = void (*)(void* lock, HoldingThread& ending);

  ThreadEndNotice(void* lock, Call call);
  ~ThreadEndNotice();
  ThreadEndNotice(const ThreadEndNotice&) = delete;
  ThreadEndNotice& operator=(const ThreadEndNotice&) = delete;

  static void CallAll(HoldingThread& ending);

 private:
  void* lock_;
  Call call_;
  // A list of all in the process, guarded by a mutex of its own.
  ThreadEndNotice* previous_ = nullptr;
  ThreadEndNotice* next_ = nullptr;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_LOCAL_THREAD_END_NOTICE_H_
