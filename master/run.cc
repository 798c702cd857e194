#include "muster/master/run.h"

#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/log/lost_lines.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/connection/admin_socket.h"
#include "muster/master/admin/server/admin_server.h"
#include "muster/master/aside/inquiries.h"
#include "muster/master/config/config_file.h"
#include "muster/master/config_inquiries.h"
#include "muster/master/decide/reason.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/deployment/descriptor_need.h"
#include "muster/master/events/call_audit.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/events/log_events.h"
#include "muster/master/listen/address.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/metrics/master_counts.h"
#include "muster/master/metrics/master_exposition.h"
#include "muster/master/metrics/metrics_page.h"
#include "muster/master/process/child.h"
#include "muster/master/process/log.h"
#include "muster/master/process/pid_file.h"
#include "muster/master/process/ready_fd.h"
#include "muster/master/process/signal_orders.h"
#include "muster/master/process/worker_finder.h"
#include "muster/master/start_load.h"
#include "muster/master/supervisor.h"
#include "muster/master/zone_inquiries.h"
#include "muster/process_env/descriptor_limit.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

// Reads the signals in the loop, and reaps who died unknown.
class SignalWatch : public loop::Handler {
 public:
  SignalWatch(const ipc::SignalSet& signals, Supervisor& supervisor)
      : signals_(signals), supervisor_(supervisor) {}

  void OnEvents(std::uint32_t) override {
    while (true) {
      const auto signal = signals_.TryRead();
      if (!signal.ok() || !signal->has_value()) return;
      if ((*signal)->number == SIGCHLD) {
        ReapStrangers();
      } else {
        supervisor_.ObeySignal(**signal);
      }
    }
  }

 private:
  const ipc::SignalSet& signals_;
  Supervisor& supervisor_;
};

RequestId Reload(Supervisor& supervisor, const ReloadTerms& terms,
                 const AdminOperations::Reply& reply) {
  std::optional<CalledConfig> called;
  if (terms.config.has_value()) {
    absl::StatusOr<CalledConfig> config = ToCalledConfig(*terms.config);
    if (!config.ok()) {
      reply({.status = config.status()});
      return 0;
    }
    called = *std::move(config);
  }
  return supervisor.Reload(
      std::move(called),
      {.until_drained = terms.until_drained, .condition = terms.condition, .by = terms.by}, reply);
}

AdminOperations OperationsOf(Supervisor& supervisor, const ConfigInquiries& configs,
                             const ZoneInquiries& zones, CallAudit& audit, EventRing& events) {
  return {
      .status = [&] { return supervisor.Report(); },
      .write_status = [&](StatusPart part) { return supervisor.WriteReport(part); },
      .generation = [&] { return supervisor.generation(); },
      .config = [&](auto answer) { configs.Get(std::move(answer)); },
      .check_config = [&](const auto* text,
                          auto answer) { configs.Check(text, std::move(answer)); },
      .list_generations = [&] { return supervisor.ListGenerations(); },
      .list_zones = [&](auto answer) { zones.ListZones(std::move(answer)); },
      .list_locks = [&](const auto& request,
                        auto answer) { zones.ListLocks(request, std::move(answer)); },
      .set_log_level = [&](auto level) { return supervisor.SetLogLevel(level); },
      .reload = [&](const ReloadTerms& terms,
                    AdminOperations::Reply reply) { return Reload(supervisor, terms, reply); },
      .rollback =
          [&](const RollbackEvent& event, AdminOperations::Reply reply) {
            return supervisor.Rollback(event, std::move(reply));
          },
      .change_workers =
          [&](const WorkerOrderEvent& event, AdminOperations::Reply reply) {
            return supervisor.ChangeWorkers(event, std::move(reply));
          },
      .reopen = [&](AdminOperations::Reply reply) { return supervisor.Reopen(std::move(reply)); },
      .pause = [&](AdminOperations::Reply reply) { return supervisor.Pause(std::move(reply)); },
      .resume =
          [&](const std::string& by, AdminOperations::Reply reply) {
            return supervisor.Resume(by, std::move(reply));
          },
      .quit = [&](AdminOperations::Reply reply) { return supervisor.Quit(std::move(reply)); },
      .stop = [&](AdminOperations::Reply reply) { return supervisor.Stop(std::move(reply)); },
      .withdraw = [&](RequestId request,
                      const std::string& why) { supervisor.Withdraw(request, why); },
      .audit = &audit,
      .events = &events,
  };
}

absl::StatusOr<int> Run(const Invocation& invocation, Log& log) {
  ReadyFd ready;
  if (invocation.ready_fd >= 0) {
    MUSTER_ASSIGN_OR_RETURN(ready, ReadyFd::Adopt(invocation.ready_fd));
  }
  const auto finder = std::make_shared<WorkerFinder>(invocation.worker_binary);
  MUSTER_ASSIGN_OR_RETURN(const CheckedConfig checked, ReadConfig(invocation, finder));
  const config::v1::Config& config = checked.config;
  const auto explain = [&checked](absl::string_view field, const absl::Status& status) {
    return checked.places.Explain(config::AtField(status, field));
  };
  // First: the log of a master that runs is not ours.
  absl::StatusOr<PidFile> pid_file = PidFile::Lock(config.pid_file());
  if (!pid_file.ok()) return explain("pid_file", pid_file.status());
  MUSTER_RETURN_IF_ERROR(explain("log.path", log.Configure(config.log(), Log::Echo::kYes)));
  log.Write(Severity::kInfo,
            absl::StrCat("muster ", cli::kVersion, " starts with ", invocation.config_file));
  const std::uint64_t descriptors = DescriptorsNeeded(config);
  // As far as it goes; what is missing is told if it is needed.
  (void)process_env::RaiseDescriptorLimit(std::max(descriptors, kDescriptorsAskedFor));
  if (const absl::Status status = process_env::RaiseDescriptorLimit(descriptors); !status.ok()) {
    log.Write(Severity::kWarning, absl::StrCat("a reload may fail: ", status.message()));
  }
  for (int i = 0; i < config.admin().listen_size(); ++i) {
    MUSTER_ASSIGN_OR_RETURN(const Address address, Address::Parse(config.admin().listen(i)));
    MUSTER_RETURN_IF_ERROR(
        explain(absl::StrCat("admin.listen[", i, "]"), PrepareAdminSocket(address)));
  }
  // Before the loop: what is left in it may tell them how it ended.
  EventRing events;
  MasterCounts counts;
  events.SetObserver(
      [&](const admin::v1::Event& event) { counts.CountEvent(event, loop::Clock::now()); });
  const LogEvents log_events(log, events);
  CallAudit audit(events, log);
  // Before there is any other thread.
  MUSTER_ASSIGN_OR_RETURN(const ipc::SignalSet signals, ipc::SignalSet::Block(kMasterSignals));
  MUSTER_ASSIGN_OR_RETURN(const std::unique_ptr<loop::EventLoop> loop, loop::EventLoop::Create());
  MUSTER_ASSIGN_OR_RETURN(Deployment first, PrepareFirst(checked, finder, log));
  const AdminTerms admin_terms = first.admin_terms;
  ListenerSet listeners = first.listeners;
  MUSTER_ASSIGN_OR_RETURN(
      const std::unique_ptr<Supervisor> supervisor,
      Supervisor::Create(*loop, log, events, *pid_file, SourceOf(invocation), std::move(first)));
  SignalWatch watch(signals, *supervisor);
  MUSTER_RETURN_IF_ERROR(loop->Add(signals.fd(), EPOLLIN, &watch));
  if (const absl::Status status = listeners.ListenForMaster(); !status.ok()) {
    return checked.places.Explain(status);
  }
  MUSTER_ASSIGN_OR_RETURN(const std::unique_ptr<Inquiries> inquiries, Inquiries::Create(*loop));
  supervisor->SetInquiries(inquiries.get());
  const ConfigInquiries configs(*supervisor, *inquiries);
  const ZoneInquiries zones(*supervisor, *inquiries);
  MetricsPage metrics(
      log, [&] { return MasterExposition(supervisor->Report(), counts.Read(), log::LostLines()); });
  if (const absl::Status status = metrics.Keep(listeners, admin_terms.tls); !status.ok()) {
    return explain("admin.metrics.listen", status);
  }
  // Its destructor delivers the last answers.
  const absl::StatusOr<std::unique_ptr<AdminServer>> admin = AdminServer::Start(
      listeners, admin_terms, OperationsOf(*supervisor, configs, zones, audit, events),
      {.loop = *loop,
       .health = supervisor->health(),
       .log = log,
       .restore =
           [&](ListenerSet& now) {
             absl::Status status = supervisor->RestoreForMaster(now);
             if (now.ForAdmin().empty()) return status;  // there is no generation
             status.Update(metrics.Keep(now, (*admin)->tls_material()));
             return status;
           },
       .on_tls =
           [&](const TlsMaterial& material) {
             ListenerSet now;
             supervisor->RestoreForMaster(now).IgnoreError();
             if (now.ForAdmin().empty()) return;
             const absl::Status status = metrics.Keep(now, material);
             if (!status.ok())
               log.Write(Severity::kError, absl::StrCat("metrics: ", status.message()));
           },
       .count_call = [&](absl::string_view path,
                         grpc::StatusCode code) { counts.CountCall(path, static_cast<int>(code)); },
       .count_over_bound = [&](bool is_stream) { counts.CountOverBound(is_stream); },
       .count_refused_handshake = [&] { counts.CountRefusedHandshake(); }});
  if (!admin.ok()) return explain("admin.listen", admin.status());
  listeners = ListenerSet();
  supervisor->SetKeepAdmin([&](const ListenerSet& now, const AdminTerms& terms) {
    absl::Status status = (*admin)->Keep(now, terms);
    status.Update(metrics.Keep(now, (*admin)->tls_material()));
    return status;
  });
  // Their signals came before this program was there.
  ReapStrangers();
  supervisor->Start(std::move(ready));
  if (const absl::Status status = loop->Run(); !status.ok()) {
    log.Write(Severity::kError, absl::StrCat("the master cannot go on: ", status.message()));
    return 1;
  }
  loop->Remove(signals.fd(), &watch);
  return supervisor->exit_code();
}

}  // namespace

ExitCode RunMaster(const Invocation& invocation) {
  Log log;
  const absl::StatusOr<int> code = Run(invocation, log);
  if (absl::IsCancelled(code.status())) {
    log.Write(Severity::kInfo, WithReason("stopped before it served", code.status().message()));
    return ExitCode::kDone;
  }
  if (!code.ok()) {
    log.Write(Severity::kError, WithReason("cannot start", code.status().message()));
    return ExitCode::kFailed;
  }
  log.Write(Severity::kInfo, absl::StrCat("the master exits with ", *code));
  return *code == 0 ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace muster::master
