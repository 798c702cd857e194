#ifndef MUSTER_MASTER_PROCESS_WORKER_FINDER_H_
#define MUSTER_MASTER_PROCESS_WORKER_FINDER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "muster/master/process/worker_program.h"

namespace muster::master {

// Finds the worker program for one load of a configuration. A path is opened once: whoever asks
// again gets the same file, so that the program that describes itself is the one that is started.
// For one thread at a time.
class WorkerFinder {
 public:
  // `from_flag`: the path that --worker names; empty: none. `opened`: a program that stands for its
  // path, whatever the path leads to now; null: none.
  explicit WorkerFinder(std::string from_flag,
                        const std::shared_ptr<const WorkerProgram>& opened = nullptr)
      : from_flag_(std::move(from_flag)) {
    if (opened != nullptr) opened_[opened->path()] = opened;
  }
  WorkerFinder(const WorkerFinder&) = delete;
  WorkerFinder& operator=(const WorkerFinder&) = delete;

  // The program of --worker; or else at `configured`, if that is not empty; or else `worker` next
  // to this program, or ../worker/worker from there. The error names the paths that were tried, and
  // why the program is missing or cannot be run.
  absl::StatusOr<std::shared_ptr<const WorkerProgram>> Find(const std::string& configured);

  bool has_flag() const { return !from_flag_.empty(); }
  const std::string& from_flag() const { return from_flag_; }

 private:
  absl::StatusOr<std::shared_ptr<const WorkerProgram>> OpenOnce(const std::string& path);

  const std::string from_flag_;
  std::map<std::string, std::shared_ptr<const WorkerProgram>> opened_;  // by path
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_WORKER_FINDER_H_
