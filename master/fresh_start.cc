#include "muster/master/fresh_start.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/listen/address.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/connection/admin_socket.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/deployment/descriptor_need.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/child.h"
#include "muster/master/process/pid_file.h"
#include "muster/master/process/ready_fd.h"
#include "muster/master/process/signal_orders.h"
#include "muster/master/process/worker_finder.h"
#include "muster/master/serving_master.h"
#include "muster/master/start_load.h"
#include "muster/master/supervisor.h"
#include "muster/master/systemd/activation.h"
#include "muster/master/systemd/passed_descriptors.h"
#include "muster/master/upgrader.h"
#include "muster/process_env/descriptor_limit.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_error.h"

namespace muster::master {

absl::StatusOr<int> RunFreshStart(const Invocation& invocation, Log& log) {
  // First: what is not open may not be opened for something else.
  MUSTER_ASSIGN_OR_RETURN(PassedDescriptors passed, PassedDescriptors::Take());
  // Soon: the path is what the file is called now.
  MUSTER_ASSIGN_OR_RETURN(Programs programs, Programs::OfFreshStart());
  ReadyFd ready;
  if (invocation.ready_fd >= 0) {
    for (const PassedDescriptors::One& one : passed.all) {
      if (one.fd.get() != invocation.ready_fd) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "--ready-fd ", invocation.ready_fd, ": the service manager passed ", one.Describe()));
    }
    MUSTER_ASSIGN_OR_RETURN(ready, ReadyFd::Adopt(invocation.ready_fd));
  }
  const auto finder = std::make_shared<WorkerFinder>(invocation.worker_binary);
  MUSTER_ASSIGN_OR_RETURN(const IdentifiedConfig checked, ReadConfig(invocation, finder));
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
  Activation activation = Activation::Of(std::move(passed), log);
  for (int i = 0; i < config.admin().listen_size(); ++i) {
    MUSTER_ASSIGN_OR_RETURN(const listen::Address address,
                            listen::Address::Parse(config.admin().listen(i)));
    // The service manager listens there, and it is this master's.
    if (activation.listeners().HasPassed(address)) continue;
    MUSTER_RETURN_IF_ERROR(
        explain(absl::StrCat("admin.listen[", i, "]"), PrepareAdminSocket(address)));
  }
  // Before the loop: what is left in it may tell them how it ended.
  MasterRecords records(log);
  // Before there is any other thread.
  MUSTER_ASSIGN_OR_RETURN(ipc::SignalSet signals, ipc::SignalSet::Block(kMasterSignals));
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<loop::EventLoop> loop, loop::EventLoop::Create());
  MUSTER_RETURN_IF_ERROR(activation.AttachZones(config, kStartLoadTimeout, log));
  activation.CloseUnwanted(config, log);
  MUSTER_ASSIGN_OR_RETURN(Deployment first, PrepareFirst(checked, finder, activation.listeners(),
                                                         activation.zones(), log));
  const AdminTerms admin_terms = first.admin_terms;
  ListenerSet listeners = first.listeners;
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<Supervisor> supervisor,
                          Supervisor::Create(*loop, log, records.events, *pid_file,
                                             SourceOf(invocation), std::move(first)));
  supervisor->SetPassed(activation.Settle(listeners, log), activation.stored());
  if (const absl::Status status = listeners.ListenForMaster(); !status.ok()) {
    return checked.places.Explain(status);
  }
  StartedMaster master = {.records = records,
                          .pid_file = *pid_file,
                          .signals = std::move(signals),
                          .loop = std::move(loop),
                          .supervisor = std::move(supervisor),
                          .listeners = std::move(listeners),
                          .admin_terms = admin_terms,
                          .programs = std::move(programs)};
  return Serve(master, invocation, explain,
               {.accepts_at_once = true,
                .take_over = [] { return absl::OkStatus(); },
                .go_on =
                    [&] {
                      // Their signals came before this program was there.
                      ReapStrangers();
                      master.supervisor->Start(std::move(ready));
                    }});
}

}  // namespace muster::master
