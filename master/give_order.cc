#include "muster/master/give_order.h"

#include <iostream>
#include <memory>

#include "absl/status/status.h"
#include "muster/config/config_file.h"
#include "muster/master/process/worker_finder.h"
#include "muster/master/send_order.h"
#include "muster/master/start_load.h"

namespace muster::master {

ExitCode GiveOrder(const Invocation& invocation, Order order) {
  // A master must be found by a configuration with mistakes, too: it will tell them itself.
  const auto config = config::ReadSpoiltConfigFile(invocation.config_file, invocation.prefix);
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
