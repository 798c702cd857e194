#include <cstdio>
#include <string>
#include <variant>

#include "muster/master/command_line.h"
#include "muster/master/give_order.h"
#include "muster/master/launch/launcher.h"
#include "muster/master/process/signal_orders.h"
#include "muster/master/run.h"
#include "muster/master/test_config.h"
#include "muster/process_env/preparation.h"
#include "muster/process_env/process_title.h"

namespace {

using muster::master::ExitCode;
using muster::master::Invocation;
using muster::master::Order;

struct CarryOut {
  const Invocation& invocation;
  muster::process_env::ProcessTitle& title;

  ExitCode operator()(Invocation::Run) const {
    title.Set("muster: master process");
    return muster::master::RunMaster(invocation);
  }
  ExitCode operator()(Invocation::TestConfig) const {
    muster::process_env::ReleaseSignals();
    return muster::master::TestConfig(invocation);
  }
  ExitCode operator()(Order order) const {
    muster::process_env::ReleaseSignals();
    return muster::master::GiveOrder(invocation, order);
  }
};

absl::Status Prepare() {
  return muster::process_env::PrepareProcess({muster::master::kMasterSignals, {}});
}

// Before the constructors of libraries: gRPC's open descriptors, and take longer than a launch.
void PrepareEarly(int argc, char** argv, char**) {
  muster::master::LaunchIfAsked(argc, argv);
  (void)Prepare();
}
[[gnu::used, gnu::section(".preinit_array")]] void (*const prepare_early)(int, char**,
                                                                          char**) = PrepareEarly;

}  // namespace

int main(int argc, char** argv) {
  // Again, for the error.
  const absl::Status prepared = Prepare();
  if (!prepared.ok()) {
    std::fprintf(stderr, "master: %s\n", std::string(prepared.message()).c_str());
    return static_cast<int>(ExitCode::kFailed);
  }
  const auto parsed =
      muster::master::ParseCommandLine(argc, argv, muster::master::CallersDirectory());
  if (const auto* code = std::get_if<ExitCode>(&parsed)) return static_cast<int>(*code);
  const Invocation& invocation = std::get<Invocation>(parsed);
  muster::process_env::ProcessTitle title(argc, argv);
  return static_cast<int>(std::visit(CarryOut{invocation, title}, invocation.what));
}
