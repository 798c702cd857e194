#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>

#include "muster/ctl/address.h"
#include "muster/ctl/command_line.h"
#include "muster/ctl/printable.h"
#include "muster/process_env/standard_descriptors.h"

namespace muster::ctl {
namespace {

ExitCode Fail(ExitCode code, const absl::Status& reason) {
  std::fprintf(stderr, "ctl: %s\n", Printable(reason.message()).c_str());
  return code;
}

ExitCode Run(const Invocation& invocation) {
  const auto paths = SocketPaths(invocation.master, Surroundings::FromProcess());
  if (!paths.ok()) return Fail(ExitCode::kUsage, paths.status());
  auto master = MasterConnection::Open(*paths, invocation.timeout);
  if (absl::IsUnavailable(master.status())) return Fail(ExitCode::kNoMaster, master.status());
  if (!master.ok()) return Fail(ExitCode::kFailed, master.status());
  const absl::Status status = invocation.command->run(*master, invocation.output);
  if (status.ok()) return ExitCode::kDone;
  const bool is_unknown = absl::IsDeadlineExceeded(status) || absl::IsUnavailable(status);
  return Fail(is_unknown ? ExitCode::kUnknown : ExitCode::kFailed, status);
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
  return static_cast<int>(invocation ? muster::ctl::Run(*invocation)
                                     : std::get<muster::ctl::ExitCode>(parsed));
}
