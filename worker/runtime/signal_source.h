#ifndef MUSTER_WORKER_RUNTIME_SIGNAL_SOURCE_H_
#define MUSTER_WORKER_RUNTIME_SIGNAL_SOURCE_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/process_env/signal_start.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {

// What a worker does with signals: it reads those that it obeys (QUIT, TERM, INT, USR1), and
// ignores HUP, and USR2 until a StackReport answers it.
process_env::SignalUse SignalsOfWorker();

// Those that it reads. One that comes before the loop runs waits for it. To be called before other
// threads start.
absl::StatusOr<ipc::SignalSet> TakeSignals();

// The signals of TakeSignals as events of a loop, and as the commands that mean the same. In the
// loop's thread.
class SignalSource : public loop::Handler {
 public:
  // `obey` receives the command for each signal that comes.
  static absl::StatusOr<std::unique_ptr<SignalSource>> Create(loop::EventLoop& loop,
                                                              ipc::SignalSet signals,
                                                              std::function<void(Command)> obey);
  ~SignalSource() override;

  void OnEvents(std::uint32_t events) override;

 private:
  SignalSource(loop::EventLoop& loop, ipc::SignalSet signals, std::function<void(Command)> obey)
      : loop_(loop), signals_(std::move(signals)), obey_(std::move(obey)) {}

  loop::EventLoop& loop_;
  ipc::SignalSet signals_;
  std::function<void(Command)> obey_;
  bool is_added_ = false;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_SIGNAL_SOURCE_H_
