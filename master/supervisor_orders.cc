// What the operator asks of a supervisor, by call or by signal.

#include <signal.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/master/process/signal_orders.h"
#include "muster/master/supervisor.h"
#include "muster/process_env/controlling_terminal.h"

namespace muster::master {

template <typename OrderEvent>
RequestId Supervisor::Order(OrderEvent event, Reply reply) {
  if (reply) {
    event.request = ++last_request_;
    waiting_[event.request] = std::move(reply);
  }
  const RequestId request = event.request;
  Handle(std::move(event));
  return request;
}

RequestId Supervisor::Reload(Reply reply) {
  return Order(ReloadEvent{.by = "SIGHUP"}, std::move(reply));
}

RequestId Supervisor::Reload(std::optional<CalledConfig> config, ReloadEvent event, Reply reply) {
  event.has_config = config.has_value();
  if (config.has_value()) brought_[last_request_ + 1] = *std::move(config);
  return Order(std::move(event), std::move(reply));
}

RequestId Supervisor::Rollback(RollbackEvent event, Reply reply) {
  return Order(std::move(event), std::move(reply));
}

RequestId Supervisor::ChangeWorkers(WorkerOrderEvent event, Reply reply) {
  return Order(std::move(event), std::move(reply));
}

RequestId Supervisor::Pause(Reply reply) { return Order(PauseEvent{}, std::move(reply)); }
RequestId Supervisor::Resume(std::string by, Reply reply) {
  return Order(ResumeEvent{.by = std::move(by)}, std::move(reply));
}
RequestId Supervisor::Quit(Reply reply) { return Order(QuitEvent{}, std::move(reply)); }
RequestId Supervisor::Stop(Reply reply) { return Order(StopEvent{}, std::move(reply)); }
RequestId Supervisor::Upgrade(UpgradeEvent event, Reply reply) {
  return Order(std::move(event), std::move(reply));
}
RequestId Supervisor::Reopen(Reply reply) {
  log_opener_.Begin();
  absl::Status own_log = ipc::Annotate(
      log_.Reopen([this](const std::string& path) { return log_opener_.Open(path); }), "log.path");
  return Order(ReopenEvent{.own_log = std::move(own_log)}, std::move(reply));
}

OpenedLogs Supervisor::OpenLogsAgain(std::uint32_t slot) {
  OpenedLogs opened;
  const auto worker = core_.workers().find(slot);
  if (worker == core_.workers().end()) return opened;
  const std::uint64_t generation = worker->second.generation;
  // Nothing is left of a generation that was undone, nor of one that the undo of an upgrade has
  // left out of the history. A worker of it that still drains opens its logs by itself, if it may.
  const bool drains = worker->second.state == WorkerState::kDraining;
  if (drains && deployments_->Find(generation) == nullptr) return opened;
  for (const WorkerLog& log : WorkerLogsOf(DeploymentOf(generation).config)) {
    opened.Add(log, log_opener_.Open(log.path));
  }
  return opened;
}

config::v1::Log::Level Supervisor::SetLogLevel(config::v1::Log::Level level) {
  const config::v1::Log::Level previous = log_.level();
  // At the lower one of both levels.
  log_.SetLevel(std::min({level, previous, config::v1::Log::INFO}));
  log_.Write(Severity::kInfo,
             absl::StrCat("the log has lines from level ", config::v1::Log::Level_Name(level),
                          " on, until the next reload"));
  log_.SetLevel(level);
  zone_.master_status().log_level.Set(1 + level);
  reporter_.Publish();
  return previous;
}

void Supervisor::Withdraw(RequestId request, const std::string& why) {
  Handle(WithdrawEvent{request, why});
}

void Supervisor::ObeySignal(const ipc::ReceivedSignal& signal) {
  const auto* entry = kSignalOrders.FindNumber(signal.number);
  if (entry == nullptr) return;
  if (entry->command == SignalOrder::kPause) {
    // A terminal tells by it that its size has changed.
    if (!signal.is_from_process) return;
    if (process_env::HasControllingTerminal()) {
      log_.Write(Severity::kWarning,
                 "got SIGWINCH; it pauses only a master that no terminal controls: use ctl pause");
      return;
    }
  }
  log_.Write(Severity::kInfo, absl::StrCat("got SIG", entry->name));
  switch (entry->command) {
    case SignalOrder::kReload:
      Reload(nullptr);
      return;
    case SignalOrder::kReopen:
      Reopen(nullptr);
      return;
    case SignalOrder::kQuit:
      Quit(nullptr);
      return;
    case SignalOrder::kStop: {
      const Deployment* const current = deployments_->current();
      const bool is_graceful = signal.number == SIGTERM && current != nullptr &&
                               current->config.stop_signal_is_graceful() &&
                               core_.state() != MasterState::kStopping;
      if (is_graceful) {
        Quit(nullptr);
      } else {
        Stop(nullptr);
      }
      return;
    }
    case SignalOrder::kPause:
      Pause(nullptr);
      return;
    case SignalOrder::kMoreWorkers:
      return Handle(ScaleEvent{+1});
    case SignalOrder::kFewerWorkers:
      return Handle(ScaleEvent{-1});
    case SignalOrder::kUpgrade:
      Upgrade({.by = "SIGUSR2", .version = cli::kVersion}, nullptr);
      return;
  }
}

}  // namespace muster::master
