#include "muster/worker/testkit/running_master.h"

#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/running_master.h"

namespace muster::worker::testkit {
namespace {

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What follows is added on lines of its own, so that the user's places stay.
std::string WithAdmin(const std::string& config) {
  return absl::StrCat(config,
                      "\nadmin { listen: \"unix:admin.sock\" }\npid_file: \"muster.pid\"\n");
}

absl::StatusOr<std::string> MasterProgram(const std::string& named) {
  if (!named.empty()) return named;
  if (std::string program = Variable("MUSTER_MASTER"); !program.empty()) return program;
  std::string program = absl::StrCat(Variable("TEST_SRCDIR"), "/muster/master/master");
  if (::access(program.c_str(), X_OK) == 0) return program;
  return absl::NotFoundError(absl::StrCat(
      "no master: MUSTER_MASTER is not set, and ", program,
      " is not there; add @muster//master to the test's data, or name one in Options::master"));
}

absl::Status CheckProgram(const std::string& program, absl::string_view what) {
  if (::access(program.c_str(), X_OK) == 0) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(what, " ", program,
                                          ": is no program; is it in the test's data? The path is "
                                          "that of $(rootpath)"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunningMaster>> RunningMaster::Start(const Options& options) {
  const absl::StatusOr<std::string> program = MasterProgram(options.master);
  if (!program.ok()) return program.status();
  if (absl::Status status = CheckProgram(*program, "master"); !status.ok()) return status;
  if (absl::Status status = CheckProgram(options.worker, "worker"); !status.ok()) return status;
  auto master =
      std::make_unique<tests::RunningMaster>(WithAdmin(options.config), options.worker, *program);
  if (!master->Start()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the master does not serve: ", master->master().errors()));
  }
  return std::unique_ptr<RunningMaster>(new RunningMaster(std::move(master)));
}

RunningMaster::RunningMaster(std::unique_ptr<tests::RunningMaster> master)
    : master_(std::move(master)) {}

RunningMaster::~RunningMaster() = default;

std::string RunningMaster::address(int listener) {
  const admin::v1::Status status = master_->Status();
  return listener < status.master().listen_size() ? status.master().listen(listener) : "";
}

std::string RunningMaster::log() const { return master_->master().errors(); }

const std::string& RunningMaster::folder() const { return master_->folder(); }

admin::v1::Status RunningMaster::status() { return master_->Status(); }

absl::Status RunningMaster::Reload() { return master_->Reload(); }

absl::Status RunningMaster::Reload(const std::string& config) {
  master_->WriteConfig(WithAdmin(config));
  return master_->Reload();
}

absl::Status RunningMaster::AwaitOldWorkersEnd() {
  return AwaitStatus([](const admin::v1::Status& status) {
    for (const admin::v1::Worker& worker : status.workers()) {
      if (worker.generation() != status.master().generation()) return false;
    }
    return status.workers_size() > 0;
  });
}

absl::Status RunningMaster::KillWorker(std::uint32_t index, int signal) {
  const admin::v1::Status before = master_->Status();
  const auto is_meant = [&](const admin::v1::Worker& worker) {
    return worker.index() == index && worker.generation() == before.master().generation();
  };
  if (!before.has_master()) {
    return absl::UnavailableError(absl::StrCat("the master does not answer; the log: ", log()));
  }
  pid_t pid = 0;
  for (const admin::v1::Worker& worker : before.workers()) {
    if (is_meant(worker)) pid = worker.pid();
  }
  if (pid == 0) return absl::NotFoundError(absl::StrCat("no process is worker ", index));
  const ipc::UniqueFd watch = tests::OpenProcess(pid);
  if (::kill(pid, signal) != 0 || !tests::AwaitDeath(watch.get())) {
    return absl::DeadlineExceededError(
        absl::StrCat("worker ", index, " (pid ", pid, ") does not end by signal ", signal));
  }
  return AwaitStatus([&](const admin::v1::Status& status) {
    for (const admin::v1::Worker& worker : status.workers()) {
      if (is_meant(worker) && worker.pid() != 0 && worker.pid() != pid) {
        return worker.state() == admin::v1::Worker::SERVING;
      }
    }
    return false;
  });
}

absl::Status RunningMaster::Quit() {
  master_->master().Signal(SIGQUIT);
  const std::optional<int> exit = master_->master().Wait();
  if (exit == 0) return absl::OkStatus();
  return absl::InternalError(exit.has_value()
                                 ? absl::StrCat("the master ended with ", *exit, ": ", log())
                                 : absl::StrCat("the master does not end: ", log()));
}

absl::StatusOr<admin::v1::Event> RunningMaster::AwaitEvent(admin::v1::Event::Kind kind) {
  return master_->AwaitEvent(kind);
}

absl::Status RunningMaster::AwaitStatus(
    const std::function<bool(const admin::v1::Status&)>& is_wanted) {
  if (master_->AwaitStatus(is_wanted)) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("the status is not as wanted, but {",
                                                  master_->Status().ShortDebugString(),
                                                  "}; the log: ", log()));
}

}  // namespace muster::worker::testkit
