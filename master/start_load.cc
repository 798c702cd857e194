#include "muster/master/start_load.h"

#include <poll.h>
#include <signal.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/listen/address.h"
#include "muster/master/aside/call_in_time.h"
#include "muster/master/orphans/orphans.h"
#include "muster/master/orphans/worker_list.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

// Somebody who is just leaving may still have our address.
constexpr int kBindTries = 6;
constexpr absl::Duration kBindPause = absl::Milliseconds(500);

// What ends the master before it has its addresses. They stay pending, for whoever reads them.
constexpr int kEnding[] = {SIGTERM, SIGINT, SIGQUIT};

// Ends workers of a killed master that keep an address. True: one has ended.
bool EndOrphansOf(const config::v1::Config& config, Log& log) {
  std::vector<listen::Address> wanted;
  for (const config::v1::Listen& listen : config.listen()) {
    if (auto address = listen::Address::Parse(listen.address()); address.ok())
      wanted.push_back(*address);
  }
  const std::string list = WorkerList::PathFor(config.pid_file());
  return EndOrphans(WorkerList::Read(list), wanted, log) > 0;
}

}  // namespace

DeploymentSource SourceOf(const Invocation& invocation) {
  return {.config_file = invocation.config_file,
          .prefix = invocation.prefix,
          .worker_binary = invocation.worker_binary,
          .is_daemon = invocation.is_daemon,
          .is_single = invocation.is_single};
}

absl::StatusOr<IdentifiedConfig> ReadConfig(const Invocation& invocation,
                                            const std::shared_ptr<WorkerFinder>& finder) {
  MUSTER_ASSIGN_OR_RETURN(absl::StatusOr<IdentifiedConfig> checked,
                          CallInTime<absl::StatusOr<IdentifiedConfig>>(
                              [source = SourceOf(invocation), finder](int stop_fd) {
                                return source.Read(finder, stop_fd);
                              },
                              kStartLoadTimeout));
  return checked;
}

absl::StatusOr<Deployment> PrepareFirst(const IdentifiedConfig& checked,
                                        const std::shared_ptr<WorkerFinder>& finder,
                                        const ListenerSet& passed, const worker::UserZones& zones,
                                        Log& log) {
  MUSTER_ASSIGN_OR_RETURN(const ipc::SignalSet ending, ipc::SignalSet::Block(kEnding));
  for (int left = kBindTries; true;) {
    MUSTER_ASSIGN_OR_RETURN(
        absl::StatusOr<Deployment> first,
        CallInTime<absl::StatusOr<Deployment>>(
            [=](int) { return PrepareDeployment(checked, *finder, passed, zones); },
            kStartLoadTimeout));
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

}  // namespace muster::master
