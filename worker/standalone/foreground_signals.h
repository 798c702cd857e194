#ifndef MUSTER_WORKER_STANDALONE_FOREGROUND_SIGNALS_H_
#define MUSTER_WORKER_STANDALONE_FOREGROUND_SIGNALS_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "muster/ipc/base/wake_fd.h"
#include "muster/worker/standalone/standalone_sockets.h"

namespace muster::worker {

// TERM, INT, QUIT and HUP of a process that a terminal or a debugger runs. They have handlers and
// are not blocked, so that a debugger sees them first: Ctrl-C stops the program there. A QUIT, and
// the first TERM or INT, are for somebody to Take. A TERM or INT after that one ends the process
// with status 0, at once, whatever its threads do. That holds also after the object's end.
//
// One object in a process, in one thread.
class ForegroundSignals {
 public:
  // Unblocks the signals in the calling thread, and in those that it starts later.
  static absl::StatusOr<std::unique_ptr<ForegroundSignals>> Install();
  ~ForegroundSignals();
  ForegroundSignals(const ForegroundSignals&) = delete;
  ForegroundSignals& operator=(const ForegroundSignals&) = delete;

  // When the process is ended at once, the files of `sockets` are removed. Null: there are none
  // any more.
  void Guard(StandaloneSockets* sockets);

  // Becomes readable when a signal comes.
  int fd() const { return wake_.fd(); }
  struct Arrived {
    int end = 0;  // SIGTERM, SIGINT or SIGQUIT, each once; 0: none of them
    bool hangup = false;
  };
  Arrived Take() const;

 private:
  explicit ForegroundSignals(ipc::WakeFd wake) : wake_(std::move(wake)) {}

  ipc::WakeFd wake_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STANDALONE_FOREGROUND_SIGNALS_H_
