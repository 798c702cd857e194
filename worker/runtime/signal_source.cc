#include "muster/worker/runtime/signal_source.h"

#include <csignal>
#include <utility>

#include "muster/ipc/base/status.h"
#include "muster/ipc/process/signal_table.h"

namespace muster::worker {
namespace {

constexpr ipc::SignalTable kSignals({
    ipc::SignalEntry<Command>{SIGQUIT, "QUIT", Command::kQuit},
    ipc::SignalEntry<Command>{SIGTERM, "TERM", Command::kTerminate},
    ipc::SignalEntry<Command>{SIGINT, "INT", Command::kTerminate},
    ipc::SignalEntry<Command>{SIGUSR1, "USR1", Command::kReopen},
});

}  // namespace

absl::StatusOr<ipc::SignalSet> TakeSignals() {
  for (const int ignored : {SIGHUP, SIGUSR2, SIGPIPE}) std::signal(ignored, SIG_IGN);
  int numbers[kSignals.size()];
  std::size_t count = 0;
  for (const auto& entry : kSignals) numbers[count++] = entry.number;
  return ipc::SignalSet::Block(numbers);
}

absl::StatusOr<std::unique_ptr<SignalSource>> SignalSource::Create(
    loop::EventLoop& loop, ipc::SignalSet signals, std::function<void(Command)> obey) {
  auto source =
      std::unique_ptr<SignalSource>(new SignalSource(loop, std::move(signals), std::move(obey)));
  MUSTER_RETURN_IF_ERROR(
      ipc::Annotate(loop.Add(source->signals_.fd(), EPOLLIN, source.get()), "signals"));
  source->is_added_ = true;
  return source;
}

SignalSource::~SignalSource() {
  if (is_added_) loop_.Remove(signals_.fd(), this);
}

void SignalSource::OnEvents(std::uint32_t) {
  for (;;) {
    const auto signal = signals_.TryRead();
    if (!signal.ok() || !signal->has_value()) return;
    const auto* const entry = kSignals.FindNumber((*signal)->number);
    if (entry != nullptr) obey_(entry->command);
  }
}

}  // namespace muster::worker
