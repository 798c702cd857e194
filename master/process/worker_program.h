#ifndef MUSTER_MASTER_PROCESS_WORKER_PROGRAM_H_
#define MUSTER_MASTER_PROCESS_WORKER_PROGRAM_H_

#include <sys/types.h>
#include <time.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/process/child.h"

namespace muster::master {

// The file of a worker program, pinned by a descriptor: what is started is the file that the path
// led to when it was opened. A file that takes its place later is another program. For any thread.
class WorkerProgram {
 public:
  // The error is why the file cannot be run, without its path.
  static absl::StatusOr<WorkerProgram> Open(std::string path);

  // Starts a process with `arguments` after the program's name, which is its path. It gets
  // `descriptors` as a ChildPlan says, and the file as worker::kProgramFd: an interpreter that the
  // first line of a script names opens /proc/self/fd/N. Blocks until the program is loaded.
  // FailedPrecondition: the file was written to since it was opened. Errors have the path.
  //
  // `plan` says what the process is. Null: as this one. If it takes a launcher, that is the one
  // within this program (master/launch/launcher_file.h), or else this program, which has to be one
  // (launcher.h); an error has the step that failed. If not, no_new_privs is the calling thread's.
  absl::StatusOr<Child> Start(const std::vector<std::string>& arguments,
                              std::vector<std::pair<int, int>> descriptors,
                              const LaunchPlan* plan = nullptr) const;

  // What tells its file from what may be written to it later.
  struct Pin {
    std::string path;
    timespec modified = {};  // of the content, when it was opened
    off_t size_bytes = 0;
  };
  const Pin& pin() const { return pin_; }
  // The file's, which can only be named by it (O_PATH).
  int fd() const { return file_.get(); }
  // The program that another program of this process had opened. InvalidArgument: `file` is not a
  // regular file. Whether it was written to since shows when it is started.
  static absl::StatusOr<WorkerProgram> Adopt(Pin pin, ipc::UniqueFd file);

  const std::string& path() const { return pin_.path; }

 private:
  absl::StatusOr<Child> Launch(ChildPlan child, const LaunchPlan& plan) const;

  WorkerProgram(Pin pin, ipc::UniqueFd file) : pin_(std::move(pin)), file_(std::move(file)) {}

  // The time of the file's change would be no sign: a link to it that is made or removed changes
  // that.
  Pin pin_;
  ipc::UniqueFd file_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_WORKER_PROGRAM_H_
