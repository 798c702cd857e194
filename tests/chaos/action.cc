#include "muster/tests/chaos/action.h"

#include "absl/strings/str_cat.h"

namespace muster::tests::chaos {
namespace {

std::string Text(const Settings& settings) {
  constexpr const char* kAccept[] = {"EXCLUSIVE", "MUTEX", "REUSEPORT"};
  constexpr const char* kLog[] = {"standard error", "a FIFO", "a file"};
  constexpr const char* kAccessLog[] = {"a file", "a FIFO", "none"};
  return absl::StrCat(settings.workers, " workers, accept ",
                      kAccept[static_cast<int>(settings.accept)], ", ", settings.connections,
                      " connections each, ", settings.generations, " generations, log ",
                      kLog[static_cast<int>(settings.log)], ", access log ",
                      kAccessLog[static_cast<int>(settings.access_log)]);
}

const char* Text(Mistake mistake) {
  switch (mistake) {
    case Mistake::kSyntax:
      return "half a configuration";
    case Mistake::kUnknownField:
      return "an unknown field";
    case Mistake::kAddressInUse:
      return "an address in use";
    case Mistake::kNoProgram:
      return "no worker program";
    case Mistake::kWorkersExit:
      return "workers that exit";
    case Mistake::kWorkersHang:
      return "workers that hang at start";
    case Mistake::kOneWorkerOnly:
      return "one worker that starts, others that exit";
    case Mistake::kOthersHang:
      return "one worker that starts, others that hang";
    case Mistake::kDescribeHangs:
      return "a program that hangs in --describe";
  }
  return "";
}

std::string TextOfMeanwhile(const Action& action) {
  if (action.meanwhile == Action::Meanwhile::kNothing) return "";
  if (action.meanwhile == Action::Meanwhile::kStopUntilAnswer) {
    return absl::StrCat("; worker ", action.worker, " is stopped from before until the answer");
  }
  return absl::StrCat("; after ", action.delay.count(), " ms ",
                      action.meanwhile == Action::Meanwhile::kKill ? "kill" : "stop", " worker ",
                      action.worker);
}

}  // namespace

const char* NameOf(Action::Order order) {
  constexpr const char* kNames[] = {"restart", "drain", "quit", "kill"};
  return kNames[static_cast<int>(order)];
}

std::string Text(const Action& action) {
  using Kind = Action::Kind;
  switch (action.kind) {
    case Kind::kReload:
      return absl::StrCat("reload: ", Text(action.settings), TextOfMeanwhile(action));
    case Kind::kRefusedReload:
      return absl::StrCat("reload to be refused: ", Text(action.mistake), TextOfMeanwhile(action));
    case Kind::kTwoReloads:
      return absl::StrCat("two reloads at once: ", Text(action.settings));
    case Kind::kReloadWithFewDescriptors:
      return absl::StrCat("reload while the master may open ", action.amount,
                          " descriptors more: ", Text(action.settings));
    case Kind::kReloadsInARow:
      return absl::StrCat(action.amount, " reloads in a row: ", Text(action.settings));
    case Kind::kKill:
      return absl::StrCat("kill worker ", action.worker);
    case Kind::kStop:
      return absl::StrCat("stop worker ", action.worker);
    case Kind::kContinue:
      return "continue stopped workers";
    case Kind::kFillChannel:
      return absl::StrCat(
          "fill the channel of worker ", action.worker,
          action.amount > 0 ? absl::StrCat(", reload: ", Text(action.settings)) : "");
    case Kind::kFewDescriptors:
      return absl::StrCat("let worker ", action.worker, " open ", action.amount,
                          " descriptors more");
    case Kind::kFillLogs:
      return "fill the pipes of the logs";
    case Kind::kReadLogs:
      return "read the pipes of the logs";
    case Kind::kMoreWorkers:
      return "one worker more (TTIN)";
    case Kind::kFewerWorkers:
      return "one worker fewer (TTOU)";
    case Kind::kScaleTo:
      return absl::StrCat("scale to ", action.amount, " workers");
    case Kind::kRestart:
      return "restart one after another";
    case Kind::kRollback:
      return absl::StrCat("rollback by ", action.amount);
    case Kind::kWorkerOrder:
      return absl::StrCat("order about worker ", action.worker, ": ", NameOf(action.order));
    case Kind::kTrial:
      return absl::StrCat("reload on a trial that ", action.passes ? "passes" : "fails", ": ",
                          Text(action.settings));
    case Kind::kUpgrade:
      return action.amount > 0 ? "upgrade (USR2)" : "upgrade";
    case Kind::kUndo:
      return "undo the upgrade";
    case Kind::kCommit:
      return "commit the upgrade";
    case Kind::kPause:
      return "pause";
    case Kind::kResume:
      return "resume";
    case Kind::kReopen:
      return "reopen";
    case Kind::kReopenBySignal:
      return "reopen (USR1)";
    case Kind::kConnect:
      return absl::StrCat(action.amount, " clients more");
    case Kind::kDisconnect:
      return absl::StrCat(action.amount, " clients fewer");
    case Kind::kRest:
      return "rest";
  }
  return "";
}

}  // namespace muster::tests::chaos
