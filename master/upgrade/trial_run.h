#ifndef MUSTER_MASTER_UPGRADE_TRIAL_RUN_H_
#define MUSTER_MASTER_UPGRADE_TRIAL_RUN_H_

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/base/wake_fd.h"
#include "muster/master/upgrade/program_file.h"
#include "muster/proto/state/upgrade_verdict.pb.h"

namespace muster::master {

// How long a program may take for its trial, in each format of the state together.
inline constexpr std::chrono::seconds kTrialPatience{20};

// From now on, for one trial or several in a row.
struct TrialTime {
  explicit TrialTime(std::chrono::milliseconds most)
      : limit(most), deadline(ipc::Deadline::After(most)) {}
  std::chrono::milliseconds limit;
  ipc::Deadline deadline;
};

// What a trial is to find open, taken at the moment of the state: duplicates, since the loop goes
// on meanwhile. Movable, for any thread.
class TrialDescriptors {
 public:
  // Of these descriptors, which the trial has under the same numbers. ResourceExhausted: the
  // process may have no more of them.
  // Not duplicated, but used as it is, is `locked`: the process loses its lock on that file when it
  // closes any descriptor of it (F_SETLK). The caller keeps it open.
  static absl::StatusOr<TrialDescriptors> Take(absl::Span<const int> descriptors, int locked = -1);
  // Of these as they are, for a trial that nothing goes on beside.
  static TrialDescriptors Use(absl::Span<const int> descriptors);

  // Ours and the trial's numbers.
  std::vector<std::pair<int, int>> pairs() const;

 private:
  std::vector<std::pair<ipc::UniqueFd, int>> taken_;
  std::vector<int> used_;
};

struct TrialPlan {
  std::shared_ptr<const ProgramFile> program;
  std::vector<std::string> arguments;  // of the master's user, without the program's name
  ipc::UniqueFd state;                 // a state file, whose front is not used
  TrialDescriptors descriptors;
  // Ends the trial as `stop_fd` does. Null: nobody does.
  std::shared_ptr<const ipc::WakeFd> abandon = nullptr;
};

// Runs the program beside this one (kTryFlag) and returns its verdict: its version. Blocks until
// `time` is over at most; then it and its process group are killed, as when `stop_fd` becomes
// readable. To be called beside the loop, in a thread that lives on. FailedPrecondition: the
// verdict is no, or there is none; the message is why. Unimplemented: no, since it reads other
// formats of the state. DeadlineExceeded: it came too late; the message has the step that it was
// at. Cancelled: nobody waits.
absl::StatusOr<std::string> TryProgram(const TrialPlan& plan, int stop_fd,
                                       const TrialTime& time = TrialTime(kTrialPatience));

// In the trial: has each step that NoteRestoreStep is told from now on written to the pipe of the
// verdict.
void TellTrialSteps(int fd);

// In the trial: gives the verdict, `version` or why not (Unimplemented: as above), and ends the
// process at once, without destructors.
[[noreturn]] void GiveVerdict(int fd, const absl::StatusOr<std::string>& version);

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPGRADE_TRIAL_RUN_H_
