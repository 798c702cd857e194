#ifndef MUSTER_TESTS_CHAOS_RELOAD_ANSWER_H_
#define MUSTER_TESTS_CHAOS_RELOAD_ANSWER_H_

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

#include "muster/proto/admin.pb.h"
#include "muster/tests/chaos/ledger.h"

namespace muster::tests::chaos {

// What follows from the answer to a reload that has succeeded. Pure.
struct ReloadAnswer {
  // Each thing in it that must not be, as a sentence.
  std::vector<std::string> wrongs{};
  // Why connections may be closed.
  std::vector<Ledger::Reason> reasons{};
  // Processes that may answer by the configuration before: the answer says that they keep
  // connections, or have not begun to drain.
  std::set<pid_t> keepers{};
};

// What the run knows of that reload.
struct AnsweredReload {
  Ledger::Time begin{};
  int workers = 0;                           // that the new generation is to have
  std::vector<admin::v1::Worker> drained{};  // of the generations before
  // Whether a worker may be late, since it was stopped or killed.
  bool is_disturbed = false;
};
ReloadAnswer Read(const admin::v1::ReloadResponse& response, const AnsweredReload& reload);

// Those of `before` that served and were `stopped` until the answer, and of which it tells nothing,
// as sentences. Pure.
std::vector<std::string> UntoldWorkers(const admin::v1::ReloadResponse& response,
                                       const std::vector<admin::v1::Worker>& before,
                                       const std::set<pid_t>& stopped);

// Whether the answer tells of a worker that may still accept connections.
bool TellsOfLateDrain(const admin::v1::ReloadResponse& response);

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_RELOAD_ANSWER_H_
