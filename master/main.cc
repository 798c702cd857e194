#include <cstdio>
#include <string>
#include <variant>

#include "muster/cli/callers_directory.h"
#include "muster/master/command_line.h"
#include "muster/master/daemon.h"
#include "muster/master/give_order.h"
#include "muster/master/launch/launcher.h"
#include "muster/master/process/signal_orders.h"
#include "muster/master/restored_start.h"
#include "muster/master/run.h"
#include "muster/master/test_config.h"
#include "muster/master/upgrade/undo_guard.h"
#include "muster/master/upgrade/upgrade_start.h"
#include "muster/process_env/preparation.h"
#include "muster/process_env/process_title.h"

namespace {

using muster::master::ExitCode;
using muster::master::Invocation;
using muster::master::Order;
using muster::master::UpgradeStart;

constexpr char kTitle[] = "muster: master process";

struct CarryOut {
  const Invocation& invocation;
  muster::process_env::ProcessTitle& title;

  ExitCode operator()(Invocation::Run) const {
    Invocation run = invocation;
    if (run.is_daemon) {
      const auto side = muster::master::BecomeDaemon();
      if (const auto* code = std::get_if<ExitCode>(&side)) return *code;
      run.ready_fd = std::get<int>(side);
    }
    title.Set(kTitle);
    return muster::master::RunMaster(run);
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
  // Before anything else that could fail.
  muster::master::ArmUndoGuard(muster::master::ReadUpgradeStart(argc, argv));
  muster::master::NoteInheritedDescriptors(argc, argv);
  (void)Prepare();
}
[[gnu::used, gnu::section(".preinit_array")]] void (*const prepare_early)(int, char**,
                                                                          char**) = PrepareEarly;

// What a master has started, and no user.
ExitCode CarryOutUpgrade(const UpgradeStart& start, int argc, char** argv) {
  if (start.role == UpgradeStart::Role::kUnfit) {
    std::fprintf(stderr, "master: %s is what a master starts its next program with\n", argv[1]);
    return ExitCode::kUsage;
  }
  if (start.role == UpgradeStart::Role::kTrial) muster::master::RunTrialStart(start);
  // Before the title takes its place.
  const std::string undone_for = start.undone_for;
  muster::process_env::ProcessTitle title(argc, argv);
  title.Set(kTitle);
  return muster::master::ContinueMaster(start, undone_for);
}

}  // namespace

int main(int argc, char** argv) {
  // Again, for the error.
  const absl::Status prepared = Prepare();
  if (!prepared.ok()) {
    std::fprintf(stderr, "master: %s\n", std::string(prepared.message()).c_str());
    return static_cast<int>(ExitCode::kFailed);
  }
  const UpgradeStart start = muster::master::ReadUpgradeStart(argc, argv);
  if (start.role != UpgradeStart::Role::kNone) {
    return static_cast<int>(CarryOutUpgrade(start, argc, argv));
  }
  const auto parsed = muster::master::ParseCommandLine(argc, argv, muster::cli::CallersDirectory());
  if (const auto* code = std::get_if<ExitCode>(&parsed)) return static_cast<int>(*code);
  const Invocation& invocation = std::get<Invocation>(parsed);
  muster::process_env::ProcessTitle title(argc, argv);
  return static_cast<int>(std::visit(CarryOut{invocation, title}, invocation.what));
}
