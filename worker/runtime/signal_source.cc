#include "muster/worker/runtime/signal_source.h"

#include <array>
#include <csignal>
#include <cstddef>
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

constexpr auto kRead = [] {
  std::array<int, kSignals.size()> numbers = {};
  std::size_t count = 0;
  for (const auto& entry : kSignals) numbers[count++] = entry.number;
  return numbers;
}();

// A master's, which a terminal or a person may send to all its processes.
constexpr int kIgnored[] = {SIGHUP, SIGUSR2};

}  // namespace

process_env::SignalUse SignalsOfWorker() { return {kRead, kIgnored}; }

absl::StatusOr<ipc::SignalSet> TakeSignals() { return ipc::SignalSet::Block(kRead); }

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
