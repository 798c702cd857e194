#ifndef MUSTER_CTL_ASK_MASTERS_H_
#define MUSTER_CTL_ASK_MASTERS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ctl/command/answer.h"
#include "muster/ctl/text/output.h"

namespace muster::ctl {

// What one of several masters has answered, or why it has not.
struct MasterAnswer {
  std::string master;  // as the operator calls it
  absl::StatusOr<Answer> answer;
};

// Asks all at the same time, each in a thread, and returns the answers in the order of `masters`.
std::vector<MasterAnswer> AskMasters(
    const std::vector<std::string>& masters,
    const std::function<absl::StatusOr<Answer>(std::size_t index)>& ask);

// Returns what is printed: one table with a column MASTER, or for programs one JSON object. A
// master that has not answered is a line of it.
absl::StatusOr<std::string> RenderAnswers(const std::vector<MasterAnswer>& answers, Output output);

// OK if all have answered. If none has: the first one's error, which the text has told. Else an
// error with the exit code kSome.
absl::Status OutcomeOf(const std::vector<MasterAnswer>& answers);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_ASK_MASTERS_H_
