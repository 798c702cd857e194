#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/exit_code.h"
#include "muster/ctl/text/output.h"
#include "muster/ctl/text/printable.h"
#include "muster/ctl/text/progress.h"
#include "muster/ctl/text/units.h"
#include "muster/ctl/text/upgrade_text.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

// How long the master may take to answer again, and the next workers to serve: longer than the
// deadlines that it has itself.
constexpr absl::Duration kUsual = absl::Minutes(3);
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(20);

// Whether this is the outcome of what was asked for with this id.
using IsOutcome = std::function<bool(const v1::Upgrade&, const std::string& id)>;

// The master has become another program, or is about to: asks until it says what came of it.
absl::StatusOr<v1::UpgradeResponse> AwaitOutcome(const Session& session,
                                                 const MasterConnection& before,
                                                 const IsOutcome& is_outcome,
                                                 ipc::Deadline deadline) {
  const std::string& id = before.last_order();
  absl::Status last = absl::UnavailableError("nobody answers");
  while (!deadline.has_passed()) {
    absl::StatusOr<MasterConnection> master = session.connect();
    if (master.ok()) {
      const auto status = master->Ask<v1::Status>(v1::GetStatusRequest());
      last = status.status();
      if (status.ok() && is_outcome(status->master().upgrade(), id)) {
        v1::UpgradeResponse response;
        *response.mutable_upgrade() = status->master().upgrade();
        return response;
      }
      // It answers, and nothing is under way of which this could be the outcome.
      if (status.ok() &&
          (!status->master().has_upgrade() ||
           (IsDecided(status->master().upgrade()) && status->master().upgrade().id() != id &&
            status->master().upgrade().state() != v1::Upgrade::ON_TRIAL))) {
        return ExitWith(
            ExitCode::kUnknown,
            absl::UnknownError(absl::StrCat(
                "the master answers again, and knows of no such upgrade; ask ctl status, "
                "and ctl call ",
                id)));
      }
    } else {
      last = master.status();
      if (before.HasEnded()) {
        return ExitWith(ExitCode::kUnknown,
                        absl::UnavailableError("the master has ended before it was upgraded"));
      }
    }
    absl::SleepFor(kBetweenLooks);
  }
  return ExitWith(ExitCode::kUnknown, absl::DeadlineExceededError(absl::StrCat(
                                          "the outcome is not known yet; ask ctl status",
                                          last.ok() ? "" : ". The last error: ", last.message())));
}

// Gives the order, and finds its outcome if the answer is cut off.
absl::StatusOr<v1::UpgradeResponse> Give(const Session& session,
                                         const google::protobuf::Message& order, const char* label,
                                         const IsOutcome& is_outcome) {
  const ipc::Deadline deadline = ipc::Deadline::After(session.timeout.value_or(kUsual));
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, session.connect());
  const Progress progress(label);
  auto answer = master.Order<v1::UpgradeResponse>(order, nullptr);
  if (answer.ok() || !absl::IsUnavailable(answer.status())) return answer;
  return AwaitOutcome(session, master, is_outcome, deadline);
}

absl::Status Tell(const Session& session, const v1::UpgradeResponse& response, std::string text) {
  for (const std::string& warning : response.warning()) {
    absl::StrAppend(&text, "\nwarning: ", warning);
  }
  return Print(session.output, response, Printable(text) + "\n");
}

// The master looks from its own folder.
std::string AbsolutePath(const Session& session, const std::string& path) {
  if (path.empty()) return path;
  return (std::filesystem::path(session.directory) / path).lexically_normal().string();
}

// The program before has failed in its turn, and the one that was to be left goes on.
bool IsUndoFailed(const v1::Upgrade& upgrade) {
  return upgrade.state() == v1::Upgrade::ON_TRIAL && !upgrade.reason().empty();
}

constexpr Parameter kUpgradeParameters[] = {
    {.name = "--master",
     .kind = Parameter::Kind::kFile,
     .value = "FILE",
     .summary = "the next program of the master (default: the path that it was started from)"},
    {.name = "--worker",
     .kind = Parameter::Kind::kFile,
     .value = "FILE",
     .summary = "the next program of the workers (default: found anew as at a start)"},
};

absl::Status RunUpgrade(const Session& session) {
  v1::UpgradeRequest request;
  request.set_master_file(AbsolutePath(session, session.arguments.text("master").value_or("")));
  request.set_worker_file(AbsolutePath(session, session.arguments.text("worker").value_or("")));
  MUSTER_ASSIGN_OR_RETURN(
      const v1::UpgradeResponse response,
      Give(session, request, "upgrading", [](const v1::Upgrade& upgrade, const std::string& id) {
        return upgrade.id() == id && IsDecided(upgrade);
      }));
  const v1::Upgrade& upgrade = response.upgrade();
  MUSTER_RETURN_IF_ERROR(Tell(session, response, DescribeUpgrade(upgrade)));
  const bool is_done = (upgrade.state() == v1::Upgrade::ON_TRIAL && !IsUndoFailed(upgrade)) ||
                       upgrade.state() == v1::Upgrade::COMMITTED;
  return is_done ? absl::OkStatus() : ExitWith(ExitCode::kFailed, absl::AbortedError(""));
}

absl::Status RunUndo(const Session& session) {
  MUSTER_ASSIGN_OR_RETURN(const v1::UpgradeResponse response,
                          Give(session, v1::UndoUpgradeRequest(), "going back",
                               [](const v1::Upgrade& upgrade, const std::string&) {
                                 return upgrade.state() == v1::Upgrade::UNDONE ||
                                        IsUndoFailed(upgrade);
                               }));
  if (IsUndoFailed(response.upgrade())) {
    return ExitWith(ExitCode::kFailed, absl::AbortedError(absl::StrCat(
                                           "undo refused: ", response.upgrade().reason())));
  }
  return Tell(session, response,
              absl::StrCat("muster ", response.upgrade().from_version(), " runs again"));
}

absl::Status RunCommit(const Session& session) {
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, session.connect());
  MUSTER_ASSIGN_OR_RETURN(
      const v1::UpgradeResponse response,
      master.Order<v1::UpgradeResponse>(v1::CommitUpgradeRequest(), "committing"));
  return Tell(session, response,
              absl::StrCat("muster ", response.upgrade().to_version(),
                           " stays; the program before is dropped"));
}

}  // namespace

const Command kUpgradeCommand = {
    .name = "upgrade",
    .summary = "Replace the programs of master and workers, while they serve",
    .details =
        "The master tries its next program in a process beside itself, and then becomes it: same\n"
        "pid, same listeners, same workers. Then the next workers take over, as by a reload. No\n"
        "connection of a client is closed. If the next program cannot take over, the master is\n"
        "what it was, whatever that program does. Calls to the admin service that are under way\n"
        "end. Prints one of\n"
        "  upgraded 0.1.0 to 0.2.0 in 340 ms\n"
        "  refused, nothing changed: REASON\n"
        "  undone: REASON\n"
        "and exits with 1 after the last two. The files belong to root or to the master's user,\n"
        "and nobody else may write them. This needs the role ADMIN. Which master is asked is\n"
        "said by -m here, since --master is the file.\n"
        "\n"
        "Examples:\n"
        "  ctl upgrade\n"
        "  ctl upgrade --master /opt/muster-0.2/master --worker /opt/muster-0.2/worker\n"
        "  ctl upgrade && ctl commit",
    .parameters = kUpgradeParameters,
    .run = RunUpgrade,
};

const Command kUndoCommand = {
    .name = "undo",
    .summary = "Go back to the programs before the last upgrade",
    .details =
        "As long as the upgrade is on trial (ctl status). The state of now goes along, and no\n"
        "connection of a client is closed.\n"
        "\n"
        "Examples:\n"
        "  ctl undo",
    .run = RunUndo,
};

const Command kCommitCommand = {
    .name = "commit",
    .summary = "Keep the programs of the last upgrade, and drop those before",
    .details =
        "The end of the trial does the same. There is no way back after it, except another\n"
        "upgrade.\n"
        "\n"
        "Examples:\n"
        "  ctl commit",
    .run = RunCommit,
};

}  // namespace muster::ctl
