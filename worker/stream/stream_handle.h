#ifndef MUSTER_WORKER_STREAM_STREAM_HANDLE_H_
#define MUSTER_WORKER_STREAM_STREAM_HANDLE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "muster/worker/runtime/context.h"

namespace muster::worker {

class Stream;

// What connects a stream with the handles and holds of it, which may outlive it.
class StreamLink : public std::enable_shared_from_this<StreamLink> {
 public:
  using Task = std::function<void(Stream&)>;

  // What the stream does, in the loop's thread, until Cut.
  struct Callbacks {
    std::function<void(const Task& task)> run;
    std::function<void()> release;  // one of its holds
  };
  // Made in the loop's thread. `context` outlives its use.
  StreamLink(Context& context, Callbacks callbacks)
      : context_(context),
        loop_thread_(std::this_thread::get_id()),
        callbacks_(std::move(callbacks)) {}

  // The stream is gone. In the loop's thread.
  void Cut() { is_gone_.store(true, std::memory_order_relaxed); }

  // Any thread.
  bool is_gone() const { return is_gone_.load(std::memory_order_relaxed); }
  void Post(Task task);
  void Release();

 private:
  void ReleaseHere() const;

  Context& context_;
  const std::thread::id loop_thread_;
  const Callbacks callbacks_;  // in the loop's thread, until Cut; one of them may call that
  // Relaxed: what decides is read in the loop's thread, which writes it. For others it saves work.
  std::atomic<bool> is_gone_{false};
};

// A stream for other threads, and for what may outlive it: a client may leave at any time, and move
// to another worker unless there is a hold. Copies are of the same stream. Thread-safe. It may be
// kept and destroyed at any time, but is not used once the destructor of the protocol has returned.
class StreamHandle {
 public:
  explicit StreamHandle(std::shared_ptr<StreamLink> link) : link_(std::move(link)) {}

  // Whether the client has ended or moved. False is a guess outside the loop's thread.
  bool is_gone() const { return link_->is_gone(); }
  // Runs `task` in the loop's thread, in its next round, unless the stream is gone by then. Tasks
  // of one thread run in the order of the calls. A task that does not run is destroyed. If it
  // throws, the client is closed.
  void Post(std::function<void(Stream&)> task) const { link_->Post(std::move(task)); }

 private:
  std::shared_ptr<StreamLink> link_;
};

// While one exists, the stream is busy: a drain does not hand it off or close it, and it is not
// idle. A copy is one more reference to the same hold. It may be kept, and destroyed, in any
// thread; after the end of the stream it has no effect. An empty one holds nothing.
class StreamHold {
 public:
  StreamHold() = default;
  explicit StreamHold(std::shared_ptr<StreamLink> link);

  void Release() { link_.reset(); }

 private:
  std::shared_ptr<StreamLink> link_;  // its deleter gives the hold back
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_HANDLE_H_
