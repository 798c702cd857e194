#include "muster/worker/runtime/run_worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/log/printable.h"
#include "muster/process_env/preparation.h"
#include "muster/process_env/process_title.h"
#include "muster/process_env/signal_start.h"
#include "muster/proto/field_error.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/protocol/exit_code.h"
#include "muster/worker/runtime/command_line.h"
#include "muster/worker/runtime/inheritance.h"
#include "muster/worker/runtime/signal_source.h"
#include "muster/worker/runtime/worker_process.h"
#include "muster/worker/sandbox/sandbox.h"

namespace muster::worker {
namespace {

constexpr absl::Duration kInheritanceTimeout = absl::Seconds(30);

// Before the service is made, and before any thread is.
absl::Status EnterSandboxOf(const Program& program, Context& context,
                            const std::set<std::string>& open_logs) {
  if (program.sandbox == nullptr) return absl::OkStatus();
  MUSTER_ASSIGN_OR_RETURN(const SandboxNeeds needs, program.sandbox(context.config()));
  const absl::StatusOr<std::string> note = EnterSandbox(context.config(), needs, open_logs);
  if (!note.ok()) return config::AtField(ipc::Annotate(note.status(), "sandbox"), "sandbox");
  // It is the same for all of them.
  if (!note->empty() && context.index() == 0) {
    context.Log(config::v1::Log::WARN, absl::StrCat("sandbox: ", *note));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<WorkerProcess>> StartWorker(const ipc::Channel& channel,
                                                           process_env::ProcessTitle& title,
                                                           const Program& program) {
  const pid_t master = ::getppid();
  MUSTER_ASSIGN_OR_RETURN(ipc::SignalSet signals, TakeSignals());
  MUSTER_ASSIGN_OR_RETURN(Inheritance inheritance,
                          ReceiveInheritance(channel, master, kInheritanceTimeout));
  const ServiceFactory factory = [&program, open_logs = inheritance.logs.inherited()](
                                     Context& context) -> absl::StatusOr<std::unique_ptr<Service>> {
    MUSTER_RETURN_IF_ERROR(CheckServiceType(program, context.config()));
    MUSTER_RETURN_IF_ERROR(EnterSandboxOf(program, context, open_logs));
    return program.make_service(context);
  };
  return WorkerProcess::Create({channel, master, title, std::move(signals), std::move(inheritance)},
                               factory);
}

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
      return kExitWillNeverWork;
    default:
      return kExitFailed;
  }
}

// Before there is a log. The text may have what others wrote: names of the configuration, the
// reasons of the service.
void Complain(absl::string_view problem) {
  std::fprintf(stderr, "worker: %s\n", log::Printable(problem).c_str());
}

// Tells the master, who tells the operator; where that is not possible, whoever reads standard
// error.
ExitCode Fail(const ipc::Channel& channel, const absl::Status& status) {
  const std::string reason(status.message());
  v1::Failed failed;
  failed.set_reason(reason);
  failed.set_field(config::FieldOf(status));
  failed.set_protocol(kProtocolVersion);
  const std::string payload = failed.SerializeAsString();
  ipc::Message message;
  message.command = ipc::CommandNumber(Command::kFailed);
  message.pid = ::getpid();
  message.payload = payload;
  const absl::StatusOr<ipc::SendOutcome> sent = channel.TrySend(message);
  if (!sent.ok() || *sent != ipc::SendOutcome::kSent) {
    Complain(absl::StrCat("cannot start: ", reason));
  }
  return ExitCodeOf(status);
}

ExitCode Write(const std::string& text) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return is_written && std::fflush(stdout) == 0 ? kExitDone : kExitFailed;
}

// A person's mistake, not a master's.
ExitCode Refuse(const std::string& name, absl::string_view reason) {
  std::fprintf(stderr, "%s: %s\nSee %s --help.\n", name.c_str(), std::string(reason).c_str(),
               name.c_str());
  return kExitWillNeverWork;
}

// By which the master started this program, if one did.
void CloseProgramFile() {
  const int flags = ::fcntl(kProgramFd, F_GETFL);
  if (flags >= 0 && (flags & O_PATH) != 0) ::close(kProgramFd);
}

int Serve(int argc, char** argv, const Program& program) {
  CloseProgramFile();
  auto channel = ipc::Channel::Adopt(ipc::UniqueFd(kChannelFd));
  if (!channel.ok()) {
    return Refuse(ProgramName(argc, argv), ByHandText(argc > 0 ? argv[0] : "worker"));
  }
  process_env::ProcessTitle title(argc, argv);
  title.Set("muster: worker process");
  const auto process = StartWorker(*channel, title, program);
  if (!process.ok()) return Fail(*channel, process.status());
  const absl::Status status = (*process)->Run();
  if (!status.ok()) Complain(status.message());
  const ExitCode code = status.ok() ? kExitDone : kExitFailed;
  if (!(*process)->EndThreads()) ::_exit(code);
  return code;
}

}  // namespace

int RunWorker(int argc, char** argv, const Program& program) {
  if (const absl::Status status = process_env::PrepareProcess(SignalsOfWorker()); !status.ok()) {
    Complain(status.message());
    return kExitFailed;
  }
  const absl::StatusOr<Wish> wish = ParseCommandLine(argc, argv);
  if (!wish.ok()) return Refuse(ProgramName(argc, argv), wish.status().message());
  if (*wish == Wish::kServe) return Serve(argc, argv, program);
  process_env::ReleaseSignals();
  switch (*wish) {
    case Wish::kServe:
      break;
    case Wish::kDescribe:
      return Write(Describe(program).SerializeAsString());
    case Wish::kHelp:
      return Write(HelpText(ProgramName(argc, argv), program));
    case Wish::kVersion:
      return Write(absl::StrCat("muster ", cli::kVersion, "\n"));
  }
  return kExitFailed;
}

}  // namespace muster::worker
