#include "muster/master/run.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/admin_server.h"
#include "muster/master/admin/admin_socket.h"
#include "muster/master/aside/call_in_time.h"
#include "muster/master/config/config_file.h"
#include "muster/master/decide/reason.h"
#include "muster/master/decide/reload_attempts.h"
#include "muster/master/deployment.h"
#include "muster/master/deployment_source.h"
#include "muster/master/descriptor_need.h"
#include "muster/master/listen/address.h"
#include "muster/master/listen/socket_rights.h"
#include "muster/master/process/child.h"
#include "muster/master/process/log.h"
#include "muster/master/process/orphans.h"
#include "muster/master/process/pid_file.h"
#include "muster/master/process/ready_fd.h"
#include "muster/master/process/signal_orders.h"
#include "muster/master/process/worker_finder.h"
#include "muster/master/process/worker_list.h"
#include "muster/master/send_order.h"
#include "muster/master/start_check.h"
#include "muster/master/supervisor.h"
#include "muster/process_env/descriptor_limit.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

// Somebody who is just leaving may still have our address.
constexpr int kBindTries = 6;
constexpr absl::Duration kBindPause = absl::Milliseconds(500);

// How long the files of the start, the worker program's description and the zones may take.
const absl::Duration kLoadTimeout = absl::FromChrono(ReloadAttempts::kLoadTimeout);

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

// What ends the master before it has its addresses. They stay pending, for whoever reads them.
constexpr int kEnding[] = {SIGTERM, SIGINT, SIGQUIT};

// Ends workers of a killed master that keep an address. True: one has ended.
bool EndOrphansOf(const config::v1::Config& config, Log& log) {
  std::vector<Address> wanted;
  for (const config::v1::Listen& listen : config.listen()) {
    if (auto address = Address::Parse(listen.address()); address.ok()) wanted.push_back(*address);
  }
  const std::string list = WorkerList::PathFor(config.pid_file());
  return EndOrphans(WorkerList::Read(list), wanted, log) > 0;
}

absl::StatusOr<Deployment> PrepareFirst(const CheckedConfig& checked,
                                        const std::shared_ptr<WorkerFinder>& finder, Log& log) {
  MUSTER_ASSIGN_OR_RETURN(const ipc::SignalSet ending, ipc::SignalSet::Block(kEnding));
  for (int left = kBindTries; true;) {
    MUSTER_ASSIGN_OR_RETURN(
        absl::StatusOr<Deployment> first,
        CallInTime<absl::StatusOr<Deployment>>(
            [=](int) { return PrepareDeployment(checked, *finder, ListenerSet()); }, kLoadTimeout));
    if (!absl::IsAlreadyExists(first.status()) || --left == 0) return first;
    if (left == kBindTries - 1) {
      log.Write(Severity::kWarning, absl::StrCat(first.status().message(), "; trying again for ",
                                                 absl::FormatDuration(left * kBindPause)));
    }
    // By now one that drains has closed its listeners.
    if (left == kBindTries - 2 && EndOrphansOf(checked.config, log)) continue;
    pollfd wait = {ending.fd(), POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(kBindPause))) > 0) {
      return absl::CancelledError("a signal came before the master had its addresses");
    }
  }
}

AdminOperations OperationsOf(Supervisor& supervisor) {
  return {
      .status = [&] { return supervisor.Report(); },
      .reload = [&](AdminOperations::Reply reply) { supervisor.Reload(std::move(reply)); },
      .reopen = [&](AdminOperations::Reply reply) { supervisor.Reopen(std::move(reply)); },
      .pause = [&](AdminOperations::Reply reply) { supervisor.Pause(std::move(reply)); },
      .resume = [&](AdminOperations::Reply reply) { supervisor.Resume(std::move(reply)); },
      .quit = [&](AdminOperations::Reply reply) { supervisor.Quit(std::move(reply)); },
      .stop = [&](AdminOperations::Reply reply) { supervisor.Stop(std::move(reply)); },
  };
}

DeploymentSource SourceOf(const Invocation& invocation) {
  return {invocation.config_file, invocation.prefix, invocation.worker_binary};
}

absl::StatusOr<CheckedConfig> ReadConfig(const Invocation& invocation,
                                         const std::shared_ptr<WorkerFinder>& finder) {
  MUSTER_ASSIGN_OR_RETURN(absl::StatusOr<CheckedConfig> checked,
                          CallInTime<absl::StatusOr<CheckedConfig>>(
                              [source = SourceOf(invocation), finder](int stop_fd) {
                                return source.Read(finder, stop_fd);
                              },
                              kLoadTimeout));
  return checked;
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
  MUSTER_ASSIGN_OR_RETURN(const Address address, Address::Parse(config.admin().listen()));
  MUSTER_RETURN_IF_ERROR(explain("admin.listen", PrepareAdminSocket(address)));
  // Before there is any other thread.
  MUSTER_ASSIGN_OR_RETURN(const ipc::SignalSet signals, ipc::SignalSet::Block(kMasterSignals));
  MUSTER_ASSIGN_OR_RETURN(const std::unique_ptr<loop::EventLoop> loop, loop::EventLoop::Create());
  MUSTER_ASSIGN_OR_RETURN(Deployment first, PrepareFirst(checked, finder, log));
  const SocketRights admin_rights = first.admin_rights;
  MUSTER_ASSIGN_OR_RETURN(
      const std::unique_ptr<Supervisor> supervisor,
      Supervisor::Create(*loop, log, *pid_file, SourceOf(invocation), std::move(first)));
  SignalWatch watch(signals, *supervisor);
  MUSTER_RETURN_IF_ERROR(loop->Add(signals.fd(), EPOLLIN, &watch));
  // Its destructor delivers the last answers.
  const absl::StatusOr<std::unique_ptr<AdminServer>> admin = AdminServer::Start(
      address, admin_rights, *loop, OperationsOf(*supervisor), supervisor->health(), log);
  if (!admin.ok()) return explain("admin.listen", admin.status());
  supervisor->SetKeepAdminSocket(
      [&admin](const SocketRights& rights) { return (*admin)->KeepSocket(rights); });
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

ExitCode TestConfig(const Invocation& invocation) {
  // Shared with a thread that is left behind if it hangs.
  const auto shared_check = std::make_shared<StartCheck>(invocation.worker_binary);
  const auto checked = CallInTime<absl::StatusOr<CheckedConfig>>(
      [shared_check, invocation](int) {
        return ReadConfigFile(invocation.config_file, invocation.prefix, shared_check->describe(),
                              shared_check->check_more());
      },
      kLoadTimeout);
  if (!checked.ok()) {
    std::cerr << "master: " << checked.status().message() << "\n";
    return ExitCode::kFailed;
  }
  const absl::StatusOr<CheckedConfig>& config = *checked;
  const StartCheck& check = *shared_check;
  std::vector<std::string> problems = check.problems();
  if (!config.ok()) {
    const std::vector<std::string> lines = absl::StrSplit(config.status().message(), '\n');
    problems.insert(problems.begin(), lines.begin(), lines.end());
  }
  std::vector<std::string> unchecked = check.unchecked();
  unchecked.push_back(check.has_looked() ? "the start of the workers"
                                         : "worker program, addresses, files, zones and limits");
  const std::string not_checked = absl::StrCat("not checked: ", absl::StrJoin(unchecked, ", "));
  for (const std::string& note : check.notes()) std::cout << "note: " << note << "\n";
  if (problems.empty()) {
    std::cout << "configuration " << invocation.config_file << " is good";
    if (check.running().has_value()) {
      std::cout << ", its master runs as process " << *check.running();
    }
    std::cout << "; " << not_checked << "\n";
    return ExitCode::kDone;
  }
  std::cerr << absl::StrJoin(problems, "\n") << "\n"
            << "master: a start would fail, " << problems.size()
            << (problems.size() == 1 ? " problem" : " problems") << "; " << not_checked << "\n";
  return ExitCode::kFailed;
}

ExitCode GiveOrder(const Invocation& invocation, Order order) {
  // A master must be found by a configuration with mistakes, too: it will tell them itself.
  const auto config = ReadSpoiltConfigFile(invocation.config_file, invocation.prefix);
  if (!config.ok()) {
    std::cerr << "master: " << config.status().message() << "\n";
    return ExitCode::kFailed;
  }
  absl::Status status = SendOrder(order, *config);
  if (absl::IsNotFound(status)) {
    const auto checked =
        ReadConfig(invocation, std::make_shared<WorkerFinder>(invocation.worker_binary));
    if (!checked.ok()) status = checked.status();
  }
  if (status.ok()) return ExitCode::kDone;
  std::cerr << "master: " << status.message() << "\n";
  if (absl::IsUnavailable(status)) return ExitCode::kUnknown;
  return absl::IsNotFound(status) ? ExitCode::kNoMaster : ExitCode::kFailed;
}

}  // namespace muster::master
