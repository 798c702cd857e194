#include "muster/master/serving_master.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/log/lost_lines.h"
#include "muster/loop/clock.h"
#include "muster/loop/handler.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/call/leaving.h"
#include "muster/master/admin/server/admin_server.h"
#include "muster/master/admin/server/own_call.h"
#include "muster/master/aside/inquiries.h"
#include "muster/master/config_inquiries.h"
#include "muster/master/master_state.h"
#include "muster/master/metrics/master_exposition.h"
#include "muster/master/metrics/metrics_page.h"
#include "muster/master/process/child.h"
#include "muster/master/upgrade/undo_guard.h"
#include "muster/master/zone_inquiries.h"
#include "muster/worker/metrics/metrics_text.h"

namespace muster::master {
namespace {

// How long a program may take to answer the call by which it finds out whether it answers.
constexpr std::chrono::seconds kPatienceOfOwnCall{5};

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
      .upgrade =
          [&](UpgradeEvent event, AdminOperations::Reply reply) {
            event.version = cli::kVersion;
            return supervisor.Upgrade(std::move(event), std::move(reply));
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

// The parts that serve beside the supervisor, in a loop.
class Service {
 public:
  Service(StartedMaster& master, const Invocation& invocation)
      : master_(master),
        invocation_(invocation),
        watch_(master.signals, *master.supervisor),
        terms_(master.admin_terms),
        metrics_(master.records.log, [this] {
          return absl::StrCat(MasterExposition(master_.supervisor->Report(),
                                               master_.records.counts.Read(), log::LostLines()),
                              worker::MetricsText(master_.supervisor->ReadMetrics()));
        }) {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // With the sockets of the admin service, or without any for now.
  absl::Status Start(const ListenerSet& listeners, const Explain& explain);
  // Accepts there from now on.
  absl::Status Accept(const ListenerSet& listeners);
  // Calls the admin service, which accepts from nobody yet, and tells whether it answers. Not from
  // within this call.
  void AskAdmin(std::function<void(const absl::Status&)> told);
  absl::Status WatchSignals() { return master_.loop->Add(master_.signals.fd(), EPOLLIN, &watch_); }
  void IgnoreSignals() { master_.loop->Remove(master_.signals.fd(), &watch_); }

  // Whether the loop has stopped so that the process becomes another program.
  bool IsToBecomeAnother() const;
  // Becomes it. If that fails, all goes on.
  void BecomeAnother();

 private:
  absl::Status StartUpgrader();
  absl::Status StartAdmin(const ListenerSet& listeners);

  StartedMaster& master_;
  const Invocation& invocation_;
  SignalWatch watch_;
  AdminTerms terms_;
  std::unique_ptr<Inquiries> inquiries_;
  std::optional<ConfigInquiries> configs_;
  std::optional<ZoneInquiries> zones_;
  std::unique_ptr<Upgrader> upgrader_;
  MetricsPage metrics_;
  std::unique_ptr<AdminServer> admin_;  // last: its destructor delivers the last answers
};

absl::Status Service::Start(const ListenerSet& listeners, const Explain& explain) {
  Supervisor& supervisor = *master_.supervisor;
  MUSTER_ASSIGN_OR_RETURN(inquiries_, Inquiries::Create(*master_.loop));
  supervisor.SetInquiries(inquiries_.get());
  configs_.emplace(supervisor, *inquiries_);
  zones_.emplace(supervisor, *inquiries_);
  MUSTER_RETURN_IF_ERROR(StartUpgrader());
  if (const absl::Status status = metrics_.Keep(listeners, terms_.tls); !status.ok()) {
    return explain("admin.metrics.listen", status);
  }
  if (const absl::Status status = StartAdmin(listeners); !status.ok()) {
    return explain("admin.listen", status);
  }
  supervisor.SetKeepAdmin([this](const ListenerSet& now, const AdminTerms& terms) {
    terms_ = terms;
    absl::Status status = admin_->Keep(now, terms);
    status.Update(metrics_.Keep(now, admin_->tls_material()));
    return status;
  });
  return absl::OkStatus();
}

absl::Status Service::StartUpgrader() {
  Supervisor& supervisor = *master_.supervisor;
  MUSTER_ASSIGN_OR_RETURN(
      upgrader_,
      Upgrader::Create(
          {.loop = *master_.loop,
           .save =
               [this](DescriptorKeep& keep, bool is_before_upgrade) {
                 return SaveMaster(master_, keep,
                                   is_before_upgrade ? Supervisor::History::kBeforeUpgrade
                                                     : Supervisor::History::kWhole);
               },
           .on_tried =
               [&supervisor](std::uint64_t upgrade, const absl::StatusOr<std::string>& version) {
                 supervisor.OnProgramTried(upgrade, version);
               }},
          master_.programs, invocation_));
  Upgrader& upgrader = *upgrader_;
  supervisor.SetPrograms(
      {.try_program =
           [this, &upgrader, &supervisor](const TryProgramAction& action) {
             if (invocation_.is_single) {
               supervisor.OnProgramTried(action.upgrade,
                                         absl::FailedPreconditionError(
                                             "a master that runs with --single is not upgraded"));
               return;
             }
             upgrader.Try(action.upgrade, action.master_file, action.worker_file);
           },
       .abandon_program = [&upgrader](const AbandonProgramAction&) { upgrader.AbandonNext(); },
       .execute =
           [&upgrader](const ExecAction& action) {
             upgrader.Want(action.is_way_back ? Upgrader::Target::kBefore
                                              : Upgrader::Target::kNext);
           },
       .drop_old_program = [&upgrader] { upgrader.DropBefore(); }});
  return absl::OkStatus();
}

absl::Status Service::StartAdmin(const ListenerSet& listeners) {
  Supervisor& supervisor = *master_.supervisor;
  MasterRecords& records = master_.records;
  MUSTER_ASSIGN_OR_RETURN(
      admin_,
      AdminServer::Start(
          listeners, terms_,
          OperationsOf(supervisor, *configs_, *zones_, records.audit, records.events),
          {.loop = *master_.loop,
           .health = supervisor.health(),
           .log = records.log,
           .restore =
               [this, &supervisor](ListenerSet& now) {
                 absl::Status status = supervisor.RestoreForMaster(now);
                 if (now.ForAdmin().empty()) return status;  // there is no generation
                 status.Update(metrics_.Keep(now, admin_->tls_material()));
                 return status;
               },
           .on_tls =
               [this, &supervisor, &records](const TlsMaterial& material) {
                 ListenerSet now;
                 supervisor.RestoreForMaster(now).IgnoreError();
                 if (now.ForAdmin().empty()) return;
                 const absl::Status status = metrics_.Keep(now, material);
                 if (!status.ok()) {
                   records.log.Write(Severity::kError, absl::StrCat("metrics: ", status.message()));
                 }
               },
           .count_call =
               [&records](absl::string_view path, grpc::StatusCode code) {
                 records.counts.CountCall(path, static_cast<int>(code));
               },
           .count_over_bound =
               [&records](bool is_stream) { records.counts.CountOverBound(is_stream); },
           .count_refused_handshake = [&records] { records.counts.CountRefusedHandshake(); }}));
  return absl::OkStatus();
}

absl::Status Service::Accept(const ListenerSet& listeners) {
  absl::Status status = admin_->Keep(listeners, terms_);
  status.Update(metrics_.Keep(listeners, admin_->tls_material()));
  return status;
}

void Service::AskAdmin(std::function<void(const absl::Status&)> told) {
  NoteRestoreStep("answering a call");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return master_.loop->Post(
        [told = std::move(told), status = ipc::ErrnoStatus("socketpair")] { told(status); });
  }
  auto client = std::make_shared<ipc::UniqueFd>(ends[0]);
  const absl::Status taken = admin_->Take(ipc::UniqueFd(ends[1]));
  inquiries_->Ask<bool>(
      [client, taken](int) -> absl::StatusOr<bool> {
        MUSTER_RETURN_IF_ERROR(taken);
        MUSTER_RETURN_IF_ERROR(CallAdminOnce(std::move(*client), kPatienceOfOwnCall));
        return true;
      },
      [told = std::move(told)](const absl::StatusOr<bool>& answered) { told(answered.status()); });
}

bool Service::IsToBecomeAnother() const { return upgrader_->wanted().has_value(); }

void Service::BecomeAnother() {
  Log& log = master_.records.log;
  // It has changed its mind in the last round, and will want it again.
  if (!master_.supervisor->WantsExec()) return upgrader_->Forget();
  SetGoesOn(true);
  admin_.reset();
  log.Flush(loop::Clock::now());
  const absl::Status status = upgrader_->Execute();
  SetGoesOn(false);
  ListenerSet listeners;
  absl::Status again = master_.supervisor->RestoreForMaster(listeners);
  again.Update(StartAdmin(listeners));
  if (!again.ok()) {
    log.Write(Severity::kError,
              absl::StrCat("the admin service does not come back: ", again.message()));
  }
  master_.supervisor->OnExecFailed(status);
  master_.records.audit.EndUpgrades("ABORTED", master_.supervisor->upgrade().reason,
                                    master_.supervisor->generation());
}

}  // namespace

MasterRecords::MasterRecords(Log& master_log)
    : log(master_log), log_events(master_log, events), audit(events, master_log) {
  events.SetObserver(
      [this](const admin::v1::Event& event) { counts.CountEvent(event, loop::Clock::now()); });
}

absl::StatusOr<int> Serve(StartedMaster& master, const Invocation& invocation,
                          const Explain& explain, Begin begin) {
  Service service(master, invocation);
  loop::EventLoop& loop = *master.loop;
  Log& log = master.records.log;
  MUSTER_RETURN_IF_ERROR(
      service.Start(begin.accepts_at_once ? master.listeners : ListenerSet(), explain));
  // In the loop, so that it is known to run.
  absl::Status begun;
  const auto serve = [&](const absl::Status& answers) {
    begun = answers;
    if (begun.ok()) begun = begin.take_over();
    if (begun.ok()) begun = service.WatchSignals();
    if (!begun.ok()) return loop.Stop();
    const absl::Status status =
        begin.accepts_at_once ? absl::OkStatus() : service.Accept(master.listeners);
    if (!status.ok()) {
      log.Write(Severity::kError, absl::StrCat("the admin service is not what the configuration "
                                               "says: ",
                                               status.message()));
    }
    master.listeners = ListenerSet();
    begin.go_on();
  };
  loop.Post([&] {
    if (begin.accepts_at_once) return serve(absl::OkStatus());
    service.AskAdmin(serve);
  });
  while (true) {
    if (const absl::Status status = loop.Run(); !status.ok()) {
      log.Write(Severity::kError, absl::StrCat("the master cannot go on: ", status.message()));
      return 1;
    }
    if (!begun.ok()) return begun;
    if (!service.IsToBecomeAnother()) break;
    service.BecomeAnother();
  }
  service.IgnoreSignals();
  return master.supervisor->exit_code();
}

}  // namespace muster::master
