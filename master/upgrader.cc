#include "muster/master/upgrader.h"

#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/upgrade/exec_in_place.h"
#include "muster/master/upgrade/state_file.h"
#include "muster/master/upgrade/state_format.h"
#include "muster/master/upgrade/upgrade_start.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

// How long the next program may take until it has reported.
constexpr std::chrono::seconds kReportPatience{10};
// How long the trial of the state may take that is passed on, when the loop stands. Also with two
// states in turn.
constexpr std::chrono::seconds kLastPatience{2};
// Of what is asked beside the loop: longer than the trial, and than the files take to be opened.
constexpr std::chrono::milliseconds kPatience = kTrialPatience + std::chrono::seconds(5);

struct Tried {
  std::string version;
  std::uint32_t format;
};

// A state in one format. `state` is as this program has it.
absl::StatusOr<ipc::UniqueFd> WriteState(const WayBack& way_back, std::uint32_t format,
                                         state::v1::MasterState state) {
  ToStateFormat(format, state);
  state.set_format(format);
  return WriteStateFile(way_back, state.SerializeAsString());
}

absl::StatusOr<std::shared_ptr<const ProgramFile>> AdoptProgram(
    const std::string& path, int fd, const char* field, DescriptorInheritance& inheritance) {
  if (path.empty() || path.front() != '/') {
    return StateError(absl::StrCat(field, "_path"), "is no absolute path");
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd file, inheritance.Adopt(fd, field));
  MUSTER_ASSIGN_OR_RETURN(ProgramFile program, ProgramFile::Adopt(std::move(file), path));
  return std::make_shared<const ProgramFile>(std::move(program));
}

absl::StatusOr<std::shared_ptr<const WorkerProgram>> AdoptWorker(
    const state::v1::Program& state, DescriptorInheritance& inheritance) {
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd file, inheritance.Adopt(state.fd(), "programs.worker.fd"));
  WorkerProgram::Pin pin = {
      .path = state.path(),
      .modified = {.tv_sec = static_cast<time_t>(state.modified_seconds()),
                   .tv_nsec = static_cast<long>(state.modified_nanoseconds())},
      .size_bytes = static_cast<off_t>(state.size_bytes())};
  absl::StatusOr<WorkerProgram> program = WorkerProgram::Adopt(std::move(pin), std::move(file));
  if (!program.ok()) return StateError("programs.worker", program.status().message());
  return std::make_shared<const WorkerProgram>(*std::move(program));
}

}  // namespace

absl::StatusOr<Programs> Programs::OfFreshStart() {
  MUSTER_ASSIGN_OR_RETURN(std::string path, OwnProgramPath());
  MUSTER_ASSIGN_OR_RETURN(ProgramFile own, ProgramFile::OpenOwn(std::move(path)));
  Programs programs;
  programs.own = std::make_shared<const ProgramFile>(std::move(own));
  return programs;
}

absl::StatusOr<Programs> Programs::Restore(const state::v1::ProgramsState& state, bool is_back,
                                           DescriptorInheritance& inheritance) {
  Programs programs;
  if (is_back) {
    MUSTER_ASSIGN_OR_RETURN(programs.own, AdoptProgram(state.writer_path(), state.writer(),
                                                       "programs.writer", inheritance));
    // An undo that did not work can be asked for again.
    if (state.is_undo()) {
      MUSTER_ASSIGN_OR_RETURN(programs.before, AdoptProgram(state.next_path(), state.next(),
                                                            "programs.next", inheritance));
      programs.protocol_of_before = state.next_protocol();
    }
    return programs;
  }
  MUSTER_ASSIGN_OR_RETURN(
      programs.own, AdoptProgram(state.next_path(), state.next(), "programs.next", inheritance));
  if (state.is_undo()) return programs;
  MUSTER_ASSIGN_OR_RETURN(programs.before, AdoptProgram(state.writer_path(), state.writer(),
                                                        "programs.writer", inheritance));
  programs.protocol_of_before = state.writer_protocol();
  if (state.has_worker()) {
    MUSTER_ASSIGN_OR_RETURN(programs.worker, AdoptWorker(state.worker(), inheritance));
  }
  return programs;
}

absl::StatusOr<std::unique_ptr<Upgrader>> Upgrader::Create(Surroundings surroundings,
                                                           Programs programs,
                                                           const Invocation& invocation) {
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<Inquiries> inquiries,
                          Inquiries::Create(surroundings.loop, kPatience));
  return std::unique_ptr<Upgrader>(
      new Upgrader(std::move(surroundings), std::move(programs), invocation, std::move(inquiries)));
}

Upgrader::Upgrader(Surroundings surroundings, Programs programs, const Invocation& invocation,
                   std::unique_ptr<Inquiries> inquiries)
    : surroundings_(std::move(surroundings)),
      programs_(std::move(programs)),
      invocation_(invocation),
      inquiries_(std::move(inquiries)) {
  // That is the supervisor's.
  programs_.worker.reset();
}

absl::StatusOr<state::v1::MasterState> Upgrader::Save(const Step& step,
                                                      DescriptorKeep& keep) const {
  MUSTER_ASSIGN_OR_RETURN(state::v1::MasterState state,
                          surroundings_.save(keep, step.is_before_upgrade));
  state.set_version(cli::kVersion);
  auto& line = *state.mutable_command_line();
  for (const std::string& argument : invocation_.arguments) line.add_arguments(argument);
  line.set_config_file(invocation_.config_file);
  line.set_prefix(invocation_.prefix);
  line.set_worker_binary(invocation_.worker_binary);
  auto& programs = *state.mutable_programs();
  programs.set_writer_path(programs_.own->path());
  programs.set_writer(keep.Add(programs_.own->fd()));
  programs.set_next_path(step.program->path());
  programs.set_next(keep.Add(step.program->fd()));
  programs.set_is_undo(step.is_undo);
  if (step.worker != nullptr) {
    const WorkerProgram::Pin& pin = step.worker->pin();
    programs.mutable_worker()->set_path(pin.path);
    programs.mutable_worker()->set_fd(keep.Add(step.worker->fd()));
    programs.mutable_worker()->set_modified_seconds(pin.modified.tv_sec);
    programs.mutable_worker()->set_modified_nanoseconds(
        static_cast<std::uint32_t>(pin.modified.tv_nsec));
    programs.mutable_worker()->set_size_bytes(pin.size_bytes);
  }
  programs.set_writer_protocol(worker::kProtocolVersion);
  programs.set_next_protocol(step.is_undo ? programs_.protocol_of_before : 0);
  for (const int number : keep.numbers()) state.add_descriptors(number);
  return state;
}

void Upgrader::Try(std::uint64_t upgrade, const std::string& master_file,
                   const std::string& worker_file) {
  AbandonNext();
  absl::StatusOr<ipc::WakeFd> abandon = ipc::WakeFd::Create();
  if (!abandon.ok()) {
    // Not from within this call.
    return surroundings_.loop.Post(
        [this, upgrade, status = abandon.status()] { surroundings_.on_tried(upgrade, status); });
  }
  abandon_ = std::make_shared<const ipc::WakeFd>(*std::move(abandon));
  inquiries_->Ask<Step>(
      [path = master_file.empty() ? programs_.own->path() : master_file,
       worker_file](int) -> absl::StatusOr<Step> {
        MUSTER_ASSIGN_OR_RETURN(ProgramFile program, ProgramFile::Open(path));
        Step step = {.program = std::make_shared<const ProgramFile>(std::move(program))};
        if (worker_file.empty()) return step;
        absl::StatusOr<WorkerProgram> worker = WorkerProgram::Open(worker_file);
        if (!worker.ok()) {
          return ipc::Annotate(worker.status(), absl::StrCat("worker program ", worker_file));
        }
        MUSTER_RETURN_IF_ERROR(ProgramFile::CheckTrusted(worker_file, worker->fd()));
        step.worker = std::make_shared<const WorkerProgram>(*std::move(worker));
        return step;
      },
      [this, upgrade, asked = std::weak_ptr(abandon_)](absl::StatusOr<Step> step) {
        const bool is_wanted = abandon_ != nullptr && asked.lock() == abandon_;
        if (is_wanted) OnOpened(upgrade, std::move(step));
      });
}

void Upgrader::OnOpened(std::uint64_t upgrade, absl::StatusOr<Step> step) {
  absl::Status status = step.status();
  if (status.ok()) status = BeginTrial(upgrade, *step);
  if (!status.ok()) surroundings_.on_tried(upgrade, status);
}

absl::Status Upgrader::BeginTrial(std::uint64_t upgrade, const Step& step) {
  DescriptorKeep keep;
  MUSTER_ASSIGN_OR_RETURN(const state::v1::MasterState state, Save(step, keep));
  // The present format first; in the one before, for an older program.
  std::vector<std::pair<std::uint32_t, ipc::UniqueFd>> states;
  for (std::uint32_t format = kStateFormat; format >= kOldestStateFormat; --format) {
    MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd file, WriteState({}, format, state));
    states.emplace_back(format, std::move(file));
  }
  const std::vector<int> numbers(keep.numbers().begin(), keep.numbers().end());
  MUSTER_ASSIGN_OR_RETURN(TrialDescriptors descriptors,
                          TrialDescriptors::Take(numbers, state.process().pid_file().lock()));
  auto plan = std::make_shared<TrialPlan>(TrialPlan{.program = step.program,
                                                    .arguments = invocation_.arguments,
                                                    .state = {},
                                                    .descriptors = std::move(descriptors),
                                                    .abandon = abandon_});
  auto written =
      std::make_shared<std::vector<std::pair<std::uint32_t, ipc::UniqueFd>>>(std::move(states));
  inquiries_->Ask<Tried>(
      [plan, written](int stop_fd) -> absl::StatusOr<Tried> {
        const TrialTime time(kTrialPatience);
        absl::Status status;
        for (auto& [format, file] : *written) {
          plan->state = std::move(file);
          const auto version = TryProgram(*plan, stop_fd, time);
          if (version.ok()) return Tried{*version, format};
          status = ipc::Annotate(version.status(), plan->program->path());
          if (!absl::IsUnimplemented(status)) return status;
        }
        return status;
      },
      [this, upgrade, step](const absl::StatusOr<Tried>& tried) {
        if (!tried.ok()) return surroundings_.on_tried(upgrade, tried.status());
        next_ = step;
        next_->format = tried->format;
        surroundings_.on_tried(upgrade, tried->version);
      });
  return absl::OkStatus();
}

void Upgrader::AbandonNext() {
  if (abandon_ != nullptr) abandon_->Notify();
  abandon_.reset();
  next_.reset();
}

void Upgrader::DropBefore() { programs_.before.reset(); }

void Upgrader::Want(Target target) {
  wanted_ = target;
  surroundings_.loop.Stop();
}

absl::Status Upgrader::Execute() {
  if (!wanted_.has_value()) return absl::InternalError("nothing is to be executed");
  return ExecuteNow(*std::exchange(wanted_, std::nullopt));
}

absl::Status Upgrader::TryOnce(const std::shared_ptr<const ProgramFile>& program,
                               state::v1::MasterState state, const DescriptorKeep& keep,
                               const TrialTime& time) const {
  state.mutable_programs()->set_is_last_trial(true);
  const std::vector<int> numbers(keep.numbers().begin(), keep.numbers().end());
  const std::uint32_t format = state.format();
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd file, WriteState({}, format, std::move(state)));
  const TrialPlan plan = {.program = program,
                          .arguments = invocation_.arguments,
                          .state = std::move(file),
                          .descriptors = TrialDescriptors::Use(numbers)};
  return ipc::Annotate(TryProgram(plan, /*stop_fd=*/-1, time).status(), program->path());
}

absl::Status Upgrader::ExecuteNow(Target target) const {
  const bool is_undo = target == Target::kBefore;
  Step step;
  if (is_undo) {
    step = {.program = programs_.before, .format = programs_.format_of_before, .is_undo = true};
  } else if (next_.has_value()) {
    step = *next_;
  }
  if (step.program == nullptr) return absl::FailedPreconditionError("there is no such program");
  const TrialTime time(kLastPatience);
  const absl::Status status = ExecuteStep(step, time);
  // It has been refused, and the program before may not know a configuration that came later.
  if (!is_undo || !absl::IsFailedPrecondition(status)) return status;
  step.is_before_upgrade = true;
  const absl::Status again = ExecuteStep(step, time);
  // The first refusal says what it does not know.
  return absl::IsFailedPrecondition(again) ? status : again;
}

absl::Status Upgrader::ExecuteStep(const Step& step, const TrialTime& time) const {
  DescriptorKeep keep;
  MUSTER_ASSIGN_OR_RETURN(state::v1::MasterState state, Save(step, keep));
  state.set_format(step.format);
  MUSTER_RETURN_IF_ERROR(TryOnce(step.program, state, keep, time));
  std::vector<std::string> arguments = {programs_.own->path()};
  arguments.insert(arguments.end(), invocation_.arguments.begin(), invocation_.arguments.end());
  MUSTER_ASSIGN_OR_RETURN(const ipc::UniqueFd file, WriteState({.program = programs_.own->fd(),
                                                                .arguments = std::move(arguments),
                                                                .deadline = kReportPatience,
                                                                .descriptors = keep.numbers()},
                                                               step.format, std::move(state)));
  keep.Add(file.get());
  return ExecInPlace(
      *step.program,
      RestoreArguments(step.program->path(), file.get(), /*tries=*/0, "", invocation_.arguments),
      keep);
}

}  // namespace muster::master
