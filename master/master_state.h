#ifndef MUSTER_MASTER_MASTER_STATE_H_
#define MUSTER_MASTER_MASTER_STATE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/master/command_line.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/serving_master.h"
#include "muster/master/supervisor.h"
#include "muster/proto/state/master_state.pb.h"

namespace muster::master {

// All that a master knows, for the program that is executed in its place, without what is the
// upgrader's. At a quiet point. Changes nothing.
absl::StatusOr<state::v1::MasterState> SaveMaster(const StartedMaster& master, DescriptorKeep& keep,
                                                  Supervisor::History history);

// The state in these bytes, as this program has it. Unimplemented: it is of a format that this
// program does not read; the message has both. InvalidArgument: what is wrong with them.
absl::StatusOr<state::v1::MasterState> ParseMasterState(absl::string_view bytes);

// What the master was started with.
absl::StatusOr<Invocation> RestoreInvocation(const state::v1::CommandLineState& state);

// What is restored, in the order in which it is made. Without effect outside the process, also when
// it is destroyed, until Begin.
class RestoredMaster {
 public:
  // `is_back`: the program is the one that has written the state, again. `log` outlives it.
  // InvalidArgument names the field.
  static absl::StatusOr<std::unique_ptr<RestoredMaster>> Restore(
      const state::v1::MasterState& state, bool is_back, Log& log);
  RestoredMaster(const RestoredMaster&) = delete;
  RestoredMaster& operator=(const RestoredMaster&) = delete;

  StartedMaster& started() { return *started_; }
  // When there is no way back any more. Error: the master cannot go on.
  absl::Status Begin();

 private:
  RestoredMaster(const state::v1::MasterState& state, Log& log);
  // What became of the calls that have led here.
  void TellAudit();

  bool was_undo_ = false;  // the exec was on the way back
  bool is_back_ = false;   // from an exec that did not work
  DescriptorInheritance inheritance_;
  MasterRecords records_;
  std::unique_ptr<PidFile> pid_file_;
  std::unique_ptr<StartedMaster> started_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_MASTER_STATE_H_
