#ifndef MUSTER_MASTER_UPGRADER_H_
#define MUSTER_MASTER_UPGRADER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/wake_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/master/aside/inquiries.h"
#include "muster/master/command_line.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/process/worker_program.h"
#include "muster/master/upgrade/program_file.h"
#include "muster/master/upgrade/trial_run.h"
#include "muster/proto/state/master_state.pb.h"

namespace muster::master {

// The programs that a master has been, is, and is about to be.
struct Programs {
  std::shared_ptr<const ProgramFile> own;
  // To which an undo leads. Null: there was no upgrade, or it is decided.
  std::shared_ptr<const ProgramFile> before;
  // A format of the state that the one before reads and this one writes (state_format.h).
  std::uint32_t format_of_before = 0;
  // The newest version of the workers' protocol that the one before speaks.
  std::uint32_t protocol_of_before = 0;
  // The worker program that was named for this program. Null: none was.
  std::shared_ptr<const WorkerProgram> worker{};

  // Of a process that a user has started.
  static absl::StatusOr<Programs> OfFreshStart();
  // Of one that was executed in a master's place. `is_back`: it is the writer of the state again.
  static absl::StatusOr<Programs> Restore(const state::v1::ProgramsState& state, bool is_back,
                                          DescriptorInheritance& inheritance);
};

// Tries the next program beside the loop, and executes it in this process. Knows nothing of whether
// it should. In the loop's thread.
class Upgrader {
 public:
  struct Surroundings {
    loop::EventLoop& loop;
    // The state of the master as it is, without what is the upgrader's; `is_before_upgrade`: as
    // Supervisor::History.
    std::function<absl::StatusOr<state::v1::MasterState>(DescriptorKeep&, bool is_before_upgrade)>
        save;
    // What came of a Try: the version of the next program, or why it is refused.
    std::function<void(std::uint64_t upgrade, const absl::StatusOr<std::string>& version)> on_tried;
  };
  // What `surroundings` uses outlives it.
  static absl::StatusOr<std::unique_ptr<Upgrader>> Create(Surroundings surroundings,
                                                          Programs programs,
                                                          const Invocation& invocation);
  Upgrader(const Upgrader&) = delete;
  Upgrader& operator=(const Upgrader&) = delete;

  // For this upgrade, tries the program at `master_file`, and with it the worker program at
  // `worker_file`. Empty: the path of this program; where a start would find the worker program.
  void Try(std::uint64_t upgrade, const std::string& master_file, const std::string& worker_file);
  // What is tried, or was, is not wanted. on_tried may be told of it nevertheless.
  void AbandonNext();
  // What was before is not wanted any more.
  void DropBefore();
  bool has_before() const { return programs_.before != nullptr; }

  // Has the process become the program that was tried, or the one before, as soon as the loop has
  // stopped, which it does next.
  enum class Target { kNext, kBefore };
  void Want(Target target);
  // What is wanted; nothing: the loop has stopped for another reason.
  std::optional<Target> wanted() const { return wanted_; }
  void Forget() { wanted_.reset(); }
  // Executes it. No other thread may start a program meanwhile. Returns only if it fails. Then
  // nothing has changed, and nothing is wanted.
  absl::Status Execute();

 private:
  Upgrader(Surroundings surroundings, Programs programs, const Invocation& invocation,
           std::unique_ptr<Inquiries> inquiries);

  // What is tried and executed: which program, with which state.
  struct Step {
    std::shared_ptr<const ProgramFile> program;
    std::shared_ptr<const WorkerProgram> worker{};  // that was named, or null
    std::uint32_t format = 0;
    bool is_undo = false;
    bool is_before_upgrade = false;
  };

  absl::StatusOr<state::v1::MasterState> Save(const Step& step, DescriptorKeep& keep) const;
  void OnOpened(std::uint64_t upgrade, absl::StatusOr<Step> step);
  absl::Status BeginTrial(std::uint64_t upgrade, const Step& step);
  absl::Status ExecuteNow(Target target) const;
  absl::Status ExecuteStep(const Step& step, const TrialTime& time) const;
  // Whether the program takes this very state: more has happened since it was tried, and the one
  // before never was.
  absl::Status TryOnce(const std::shared_ptr<const ProgramFile>& program,
                       state::v1::MasterState state, const DescriptorKeep& keep,
                       const TrialTime& time) const;

  const Surroundings surroundings_;
  Programs programs_;
  const Invocation invocation_;
  const std::unique_ptr<Inquiries> inquiries_;
  std::shared_ptr<const ipc::WakeFd> abandon_;  // ends the trial that is under way
  std::optional<Step> next_;                    // that was tried, and could
  std::optional<Target> wanted_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPGRADER_H_
