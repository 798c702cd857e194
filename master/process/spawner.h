#ifndef MUSTER_MASTER_PROCESS_SPAWNER_H_
#define MUSTER_MASTER_PROCESS_SPAWNER_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/master/aside/side_thread.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/logs/worker_logs.h"
#include "muster/master/process/spawn.h"
#include "muster/master/process/worker_program.h"

namespace muster::master {

// Starts workers for the master's loop. To execute a program, the kernel opens and reads files, and
// comes back only when their file system answers; so it is with their logs. So that happens in a
// thread, for which the loop waits a little. If it hangs, it is left to itself, and another thread
// starts other programs. One thread.
class Spawner {
 public:
  // From a local disk it takes milliseconds.
  static constexpr std::chrono::milliseconds kPatience{1000};
  static constexpr std::size_t kMostHanging = 16;

  explicit Spawner(std::chrono::milliseconds patience = kPatience) : patience_(patience) {}

  // For what is spawned from now on.
  void SetPatience(std::chrono::milliseconds patience) { patience_ = patience; }

  // As SpawnWorker. Unavailable: a log is not open yet, or the program not loaded. While that
  // lasts, it is not tried again, and further calls for `program` return this at once. A process
  // that comes of it later gets no message, and ends.
  absl::StatusOr<SpawnedWorker> Spawn(std::shared_ptr<const WorkerProgram> program,
                                      std::optional<LaunchPlan> plan = std::nullopt,
                                      std::vector<WorkerLog> logs = {});

 private:
  struct Attempt;
  struct Hanging {
    std::unique_ptr<SideThread> thread;
    std::shared_ptr<Attempt> attempt;
  };

  void TakeBackWhatHasEnded();

  std::chrono::milliseconds patience_;
  std::vector<Hanging> hanging_;
  // They stay until the end: a worker may have asked the kernel to be killed when the thread that
  // started it ends (PR_SET_PDEATHSIG). By whether they have no_new_privs, which their children
  // inherit, and which no thread can give up.
  std::map<bool, std::vector<std::unique_ptr<SideThread>>> idle_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SPAWNER_H_
