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
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "muster/cli/callers_directory.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/process/signal_set.h"
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
#include "muster/worker/standalone/foreground_signals.h"
#include "muster/worker/standalone/standalone_master.h"

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

// `master`: the process at the other end of the channel.
absl::StatusOr<std::unique_ptr<WorkerProcess>> StartWorker(const ipc::Channel& channel,
                                                           pid_t master, ipc::SignalSet signals,
                                                           process_env::ProcessTitle& title,
                                                           const Program& program) {
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

// Serves until the end.
ExitCode RunToTheEnd(WorkerProcess& process) {
  const absl::Status status = process.Run();
  if (!status.ok()) Complain(status.message());
  return status.ok() ? kExitDone : kExitFailed;
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
  absl::StatusOr<ipc::SignalSet> signals = TakeSignals();
  if (!signals.ok()) return Fail(*channel, signals.status());
  const auto process = StartWorker(*channel, ::getppid(), *std::move(signals), title, program);
  if (!process.ok()) return Fail(*channel, process.status());
  const ExitCode code = RunToTheEnd(**process);
  if (!(*process)->EndThreads()) ::_exit(code);
  return code;
}

// Serves in a process that is its own master.
absl::StatusOr<ExitCode> ServeAlone(const Invocation& invocation, process_env::ProcessTitle& title,
                                    const Program& program) {
  // First the worker's, which are blocked: those that a debugger has to see are not.
  MUSTER_ASSIGN_OR_RETURN(ipc::SignalSet worker_signals, TakeSignals());
  MUSTER_ASSIGN_OR_RETURN(const auto signals, ForegroundSignals::Install());
  MUSTER_ASSIGN_OR_RETURN(const auto master,
                          StandaloneMaster::Create(invocation.config_file, invocation.prefix,
                                                   Describe(program), *signals));
  const auto process =
      StartWorker(master->worker_end(), ::getpid(), std::move(worker_signals), title, program);
  if (!process.ok()) return master->Explain(process.status());
  if (program.sandbox != nullptr && master->had_sandbox()) {
    (*process)->Log(config::v1::Log::INFO,
                    "sandbox: is off, since a debugger and a profiler need what it forbids");
  }
  MUSTER_RETURN_IF_ERROR(master->Explain(
      master->Attend((*process)->loop(), [&](config::v1::Log::Level level, absl::string_view line) {
        (*process)->Log(level, line);
      })));
  const ExitCode code = RunToTheEnd(**process);
  master->Leave();
  if (!(*process)->EndThreads()) {
    master->RemoveFiles();
    ::_exit(code);
  }
  return code;
}

int ServeStandalone(const std::string& name, const Invocation& invocation, const Program& program) {
  // Whoever debugs the process knows it by its command line, which stays.
  process_env::ProcessTitle no_title(0, nullptr);
  const absl::StatusOr<ExitCode> code = ServeAlone(invocation, no_title, program);
  if (code.ok()) return *code;
  // There is a line for each mistake.
  for (const absl::string_view line : absl::StrSplit(code.status().message(), '\n')) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), log::Printable(line).c_str());
  }
  return ExitCodeOf(code.status());
}

}  // namespace

int RunWorker(int argc, char** argv, const Program& program) {
  if (const absl::Status status = process_env::PrepareProcess(SignalsOfWorker()); !status.ok()) {
    Complain(status.message());
    return kExitFailed;
  }
  const absl::StatusOr<Invocation> invocation =
      ParseCommandLine(argc, argv, cli::CallersDirectory());
  if (!invocation.ok()) return Refuse(ProgramName(argc, argv), invocation.status().message());
  const Wish wish = invocation->wish;
  if (wish == Wish::kServe) return Serve(argc, argv, program);
  if (wish == Wish::kStandalone)
    return ServeStandalone(ProgramName(argc, argv), *invocation, program);
  process_env::ReleaseSignals();
  switch (wish) {
    case Wish::kServe:
    case Wish::kStandalone:
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
