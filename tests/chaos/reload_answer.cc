#include "muster/tests/chaos/reload_answer.h"

#include <cstdint>
#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::tests::chaos {
namespace {

using admin::v1::Worker;

constexpr char kKeeps[] = "goes on serving";
constexpr char kLateDrain[] = "has not begun to drain";

// Zero: the warning names none.
pid_t PidIn(const std::string& warning) {
  const std::size_t at = warning.find("(pid ");
  int pid = 0;
  if (at != std::string::npos) std::sscanf(warning.c_str() + at, "(pid %d)", &pid);
  return pid;
}

void ReadWarning(const std::string& warning, const AnsweredReload& reload, ReloadAnswer& answer) {
  std::uint64_t generation = 0;
  std::uint64_t count = 0;
  if (std::sscanf(warning.c_str(),
                  "generation %ju was ended at once, beyond max_generations, with %ju", &generation,
                  &count) == 2) {
    Ledger::Reason reason = {.name = "max_generations", .from = reload.begin, .at_most = count};
    for (const Worker& worker : reload.drained) {
      if (worker.generation() == generation) reason.holders.insert(worker.pid());
    }
    answer.reasons.push_back(std::move(reason));
    return;
  }
  if (absl::StrContains(warning, kKeeps)) {
    answer.keepers.insert(PidIn(warning));
    return;
  }
  // Until it learns of the drain, it answers as before.
  if (absl::StrContains(warning, kLateDrain)) answer.keepers.insert(PidIn(warning));
  if (reload.is_disturbed && (absl::StrContains(warning, "has not begun to") ||
                              absl::StrContains(warning, "has not ended ") ||
                              absl::StrContains(warning, "was killed by SIGKILL before it "))) {
    return;
  }
  answer.wrongs.push_back(absl::StrCat("unexpected warning: ", warning));
}

}  // namespace

ReloadAnswer Read(const admin::v1::ReloadResponse& response, const AnsweredReload& reload) {
  ReloadAnswer answer;
  if (response.workers_size() != reload.workers) {
    answer.wrongs.push_back(
        absl::StrCat("a reload's answer has ", response.workers_size(), " workers"));
  }
  std::uint64_t kept = 0;
  for (const std::string& warning : response.warning()) {
    ReadWarning(warning, reload, answer);
    kept += absl::StrContains(warning, kKeeps) ? 1 : 0;
  }
  if ((kept > 0) != (response.connections_kept() > 0)) {
    answer.wrongs.push_back(absl::StrCat("a reload's answer has ", kept,
                                         " warnings of kept connections, ",
                                         response.connections_kept(), " connections"));
  }
  return answer;
}

std::vector<std::string> UntoldWorkers(const admin::v1::ReloadResponse& response,
                                       const std::vector<Worker>& before,
                                       const std::set<pid_t>& stopped) {
  const std::string warnings = absl::StrJoin(response.warning(), "\n");
  std::vector<std::string> untold;
  for (const Worker& worker : before) {
    if (stopped.count(worker.pid()) == 0) continue;
    if (worker.state() != Worker::SERVING && worker.state() != Worker::HUNG) continue;
    const std::string ended = absl::StrCat("generation ", worker.generation(), " was ended");
    if (absl::StrContains(warnings, absl::StrCat("(pid ", worker.pid(), ")")) ||
        absl::StrContains(warnings, ended)) {
      continue;
    }
    untold.push_back(absl::StrCat("a reload's answer tells nothing of worker ", worker.index(),
                                  " (pid ", worker.pid(), "), which was stopped until then"));
  }
  return untold;
}

bool TellsOfLateDrain(const admin::v1::ReloadResponse& response) {
  return absl::StrContains(absl::StrJoin(response.warning(), "\n"), kLateDrain);
}

}  // namespace muster::tests::chaos
