#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>

#include "muster/ctl/command_line.h"
#include "muster/ctl/exit_code.h"
#include "muster/ctl/master/address.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/status.h"
#include "muster/process_env/standard_descriptors.h"

namespace muster::ctl {
namespace {

ExitCode Finish(const absl::Status& status) {
  if (!status.ok()) std::fprintf(stderr, "ctl: %s\n", Printable(status.message()).c_str());
  return ExitCodeOf(status);
}

// The file of named masters. Without --ctl-config it need not be there.
absl::StatusOr<NamedMasters> LoadMasters(const Invocation& invocation,
                                         const Surroundings& surroundings) {
  if (invocation.config.has_value()) {
    const std::filesystem::path folder = surroundings.directory;
    return NamedMasters::Load((folder / *invocation.config).lexically_normal().string());
  }
  const std::string& path = surroundings.config_file;
  if (path.empty()) return NamedMasters();
  auto masters = NamedMasters::Load(path);
  return absl::IsNotFound(masters.status()) ? NamedMasters::Parse("", path) : std::move(masters);
}

absl::StatusOr<MasterConnection> Connect(const Invocation& invocation) {
  const Surroundings surroundings = Surroundings::FromProcess();
  const auto targets = FindMasters(invocation.masters, surroundings,
                                   [&] { return LoadMasters(invocation, surroundings); });
  if (!targets.ok()) return ExitWith(ExitCode::kUsage, targets.status());
  auto master = MasterConnection::Open(targets->front(), invocation.timeout);
  if (master.ok()) return master;
  const bool is_absent = absl::IsUnavailable(master.status());
  return ExitWith(is_absent ? ExitCode::kNoMaster : ExitCode::kFailed, master.status());
}

absl::Status Run(const Invocation& invocation) {
  const Command& command = *invocation.command;
  if (command.run != nullptr) {
    return command.run({.arguments = invocation.arguments,
                        .output = invocation.output,
                        .timeout = invocation.timeout,
                        .connect = [&invocation] { return Connect(invocation); }});
  }
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, Connect(invocation));
  const auto call = command.ask != nullptr ? command.ask : command.order;
  MUSTER_ASSIGN_OR_RETURN(const Answer answer, call(master, invocation.arguments));
  return Print(invocation.output, *answer.message, answer.text);
}

// A connection must not get the number of a closed standard descriptor. Before the constructors of
// libraries: gRPC's open descriptors.
void PrepareEarly() { (void)process_env::OpenStandardDescriptors(); }
[[gnu::used, gnu::section(".preinit_array")]] void (*const prepare_early)() = PrepareEarly;

}  // namespace
}  // namespace muster::ctl

int main(int argc, char** argv) {
  // Again, for the error.
  if (!muster::process_env::OpenStandardDescriptors().ok()) {
    return static_cast<int>(muster::ctl::ExitCode::kFailed);
  }
  // What fails is said once, in our words. (GRPC_VERBOSITY=debug still works.)
  ::setenv("GRPC_VERBOSITY", "none", 0);
  const auto parsed = muster::ctl::ParseCommandLine(argc, argv);
  const auto* invocation = std::get_if<muster::ctl::Invocation>(&parsed);
  return static_cast<int>(invocation ? muster::ctl::Finish(muster::ctl::Run(*invocation))
                                     : std::get<muster::ctl::ExitCode>(parsed));
}
