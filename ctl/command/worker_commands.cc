#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {
    {.name = "NUMBER",
     .kind = Parameter::Kind::kNumber,
     .summary = "of the worker: the column WORKER of ctl workers",
     .most = std::numeric_limits<std::uint32_t>::max(),
     .is_required = true},
    {.name = "--if-pid",
     .kind = Parameter::Kind::kNumber,
     .value = "PID",
     .summary = "only if this is its process when the order begins; 0: if it has none",
     .most = std::numeric_limits<std::int32_t>::max()},
    {.name = "--if-generation",
     .kind = Parameter::Kind::kPositive,
     .value = "N",
     .summary = "only if this generation serves when the order begins"},
};

absl::StatusOr<Answer> Change(MasterConnection& master, const Arguments& arguments,
                              v1::ChangeWorkerRequest::Change change, const char* doing,
                              const char* done) {
  const std::uint64_t number = *arguments.number("NUMBER");
  v1::ChangeWorkerRequest request;
  request.set_index(static_cast<std::uint32_t>(number));
  request.set_change(change);
  if (const auto pid = arguments.number("if-pid")) {
    request.mutable_only_if()->set_pid(static_cast<std::int32_t>(*pid));
  }
  if (const auto generation = arguments.number("if-generation")) {
    request.mutable_only_if()->set_generation(*generation);
  }
  MUSTER_ASSIGN_OR_RETURN(v1::ChangeWorkerResponse answer,
                          master.Order<v1::ChangeWorkerResponse>(request, doing));
  std::string text =
      absl::StrCat("worker ", number, " of generation ", answer.generation(), " ", done, "\n");
  for (const std::string& warning : answer.warning()) {
    absl::StrAppend(&text, "warning: ", Printable(warning), "\n");
  }
  return MakeAnswer(std::move(answer), std::move(text));
}

absl::StatusOr<Answer> Restart(MasterConnection& master, const Arguments& arguments) {
  return Change(master, arguments, v1::ChangeWorkerRequest::RESTART, "restarting the worker",
                "was replaced");
}
absl::StatusOr<Answer> Drain(MasterConnection& master, const Arguments& arguments) {
  return Change(master, arguments, v1::ChangeWorkerRequest::DRAIN, "draining the worker",
                "drains, and is not replaced");
}
absl::StatusOr<Answer> Quit(MasterConnection& master, const Arguments& arguments) {
  return Change(master, arguments, v1::ChangeWorkerRequest::QUIT, "ending the worker",
                "has ended, and was started again");
}
absl::StatusOr<Answer> Kill(MasterConnection& master, const Arguments& arguments) {
  return Change(master, arguments, v1::ChangeWorkerRequest::KILL, "killing the worker",
                "was killed, and started again");
}

}  // namespace

const Command kWorkerRestartCommand = {
    .name = "worker restart",
    .summary = "Replace a worker: the new one first",
    .details =
        "A new process is started. When it is ready it serves, and the old one hands its\n"
        "connections over and ends. If the new one fails, the old one goes on, and the exit code\n"
        "is 1. This also replaces the only worker, one that hangs, and one that was given up.\n"
        "A number may be another process's by now. With --if-pid the order is refused then.\n"
        "\n"
        "Examples:\n"
        "  ctl worker restart 0\n"
        "  ctl worker restart 3 --if-pid 4711",
    .parameters = kParameters,
    .order = Restart,
};

const Command kWorkerDrainCommand = {
    .name = "worker drain",
    .summary = "Take a worker away",
    .details =
        "It accepts nothing more, hands its connections over and ends. There is one worker fewer\n"
        "until ctl scale or the next reload. Returns when it accepts nothing more. The last\n"
        "worker that serves is not taken away.\n"
        "\n"
        "Examples:\n"
        "  ctl worker drain 1\n"
        "  ctl worker drain 1 --if-pid 4711",
    .parameters = kParameters,
    .order = Drain,
};

const Command kWorkerQuitCommand = {
    .name = "worker quit",
    .summary = "Replace a worker: the old one ends first",
    .details =
        "It accepts nothing more, hands its connections over and ends; this takes up to\n"
        "shutdown_timeout. Then a new process is started in its place, so that both never run at\n"
        "the same time. Returns when the new one is ready. The last worker that serves is not\n"
        "ended: use ctl worker restart.\n"
        "\n"
        "Examples:\n"
        "  ctl worker quit 1",
    .parameters = kParameters,
    .order = Quit,
};

const Command kWorkerKillCommand = {
    .name = "worker kill",
    .summary = "Kill a worker with its connections, and start a new one in its place",
    .details =
        "It gets SIGKILL, and its connections are lost. A new process is started at once. This\n"
        "counts as no crash. Returns when the new one is ready. The last worker that serves is\n"
        "not killed: use ctl worker restart.\n"
        "\n"
        "Examples:\n"
        "  ctl worker kill 1",
    .parameters = kParameters,
    .order = Kill,
};

}  // namespace muster::ctl
