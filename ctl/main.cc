#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ctl/ask_masters.h"
#include "muster/ctl/command/command_table.h"
#include "muster/ctl/command_line.h"
#include "muster/ctl/exit_code.h"
#include "muster/ctl/master/address.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/status.h"
#include "muster/process_env/standard_descriptors.h"

namespace muster::ctl {
namespace {

ExitCode Finish(const absl::Status& status) {
  if (!status.message().empty()) {
    std::fprintf(stderr, "ctl: %s\n", Printable(status.message()).c_str());
  }
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
  // One that cannot be read may name another master than the usual one.
  std::error_code error;
  const bool is_absent =
      std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found;
  return is_absent ? NamedMasters::Parse("", path) : NamedMasters::Load(path);
}

absl::StatusOr<std::vector<MasterTarget>> TargetsOf(const Invocation& invocation) {
  const Surroundings surroundings = Surroundings::FromProcess();
  auto targets = FindMasters(invocation.masters, surroundings,
                             [&] { return LoadMasters(invocation, surroundings); });
  if (!targets.ok()) return ExitWith(ExitCode::kUsage, targets.status());
  return targets;
}

absl::StatusOr<MasterConnection> Connect(const Invocation& invocation, const MasterTarget& target) {
  auto master = MasterConnection::Open(target, invocation.timeout);
  if (master.ok()) return master;
  if (absl::IsDeadlineExceeded(master.status())) return master;
  const bool is_absent = absl::IsUnavailable(master.status());
  return ExitWith(is_absent ? ExitCode::kNoMaster : ExitCode::kFailed, master.status());
}

// For commands that take one master.
absl::StatusOr<MasterConnection> ConnectToOne(const Invocation& invocation) {
  MUSTER_ASSIGN_OR_RETURN(const std::vector<MasterTarget> targets, TargetsOf(invocation));
  if (targets.size() > 1) {
    return ExitWith(ExitCode::kUsage, absl::InvalidArgumentError(absl::StrCat(
                                          invocation.command->name,
                                          " takes one master; --master has ", targets.size())));
  }
  return Connect(invocation, targets.front());
}

absl::Status AskSeveral(const Invocation& invocation, const std::vector<MasterTarget>& targets) {
  std::vector<std::string> names;
  for (const MasterTarget& target : targets) names.push_back(target.label);
  const auto answers = AskMasters(names, [&](std::size_t index) -> absl::StatusOr<Answer> {
    MUSTER_ASSIGN_OR_RETURN(MasterConnection master, Connect(invocation, targets[index]));
    return invocation.command->ask(master, invocation.arguments);
  });
  MUSTER_ASSIGN_OR_RETURN(const std::string text, RenderAnswers(answers, invocation.output));
  MUSTER_RETURN_IF_ERROR(Write(text));
  return OutcomeOf(answers);
}

absl::Status Run(const Invocation& invocation) {
  const Command& command = *invocation.command;
  const bool is_watched = command.watch != nullptr && invocation.arguments.has("watch");
  if (const auto run = is_watched ? command.watch : command.run) {
    return run({.arguments = invocation.arguments,
                .output = invocation.output,
                .timeout = invocation.timeout,
                .connect = [&invocation] { return ConnectToOne(invocation); },
                .named_masters =
                    [&invocation] { return LoadMasters(invocation, Surroundings::FromProcess()); },
                .directory = Surroundings::FromProcess().directory,
                .list = Commands()});
  }
  if (command.order != nullptr) {
    MUSTER_ASSIGN_OR_RETURN(MasterConnection master, ConnectToOne(invocation));
    MUSTER_ASSIGN_OR_RETURN(const Answer answer, command.order(master, invocation.arguments));
    return Print(invocation.output, *answer.message, answer.text);
  }
  MUSTER_ASSIGN_OR_RETURN(const std::vector<MasterTarget> targets, TargetsOf(invocation));
  if (targets.size() > 1) return AskSeveral(invocation, targets);
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, Connect(invocation, targets.front()));
  MUSTER_ASSIGN_OR_RETURN(const Answer answer, command.ask(master, invocation.arguments));
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
