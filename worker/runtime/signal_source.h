#ifndef MUSTER_WORKER_RUNTIME_SIGNAL_SOURCE_H_
#define MUSTER_WORKER_RUNTIME_SIGNAL_SOURCE_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {

// Ignores the signals that are not for a worker (HUP, USR2, PIPE), and blocks those that it obeys,
// so that one which comes before the loop runs waits for it. Before other threads start.
absl::StatusOr<ipc::SignalSet> TakeSignals();

// The signals of TakeSignals as events of a loop.
class SignalSource : public loop::Handler {
 public:
  // `obey` gets the command that has the same meaning.
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
