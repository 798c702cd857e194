#ifndef MUSTER_MASTER_PROCESS_PID_FILE_H_
#define MUSTER_MASTER_PROCESS_PID_FILE_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/file_lock.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/proto/state/process_state.pb.h"

namespace muster::master {

// A file with this process's pid, which exists as long as the object. A lock on the file PATH.lock
// next to it keeps a second master out. The kernel drops the lock however the process ends, so a
// pid file that a killed master left does no harm. PATH.lock stays.
class PidFile {
 public:
  // Makes the folder if it is missing, and locks. Writes nothing yet. AlreadyExists: another master
  // has the lock; the message has its pid, and what can be done.
  static absl::StatusOr<PidFile> Lock(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  // Removes the file if it was written, and nobody has put another one there since.
  ~PidFile();

  // Writes the file whole or not at all, by renaming. So a reader never sees an empty file.
  absl::Status Write();

  // The pid in the file at `path`. It may be stale, and the process a stranger. NotFound: there is
  // no file.
  static absl::StatusOr<pid_t> Read(const std::string& path);

  // The master that runs with `path`: the process that has locked it, if the file names that one.
  // The descriptor is the locker's and no later process's. NotFound: nobody has locked it; the
  // message has what the file names. FailedPrecondition: the locker is not what the file names, as
  // while it starts, or cannot be named from here.
  static absl::StatusOr<ipc::PidFd> FindMaster(const std::string& path);

  // The pid of the master that has locked `path`, even if it has not written the file yet. Nothing:
  // no master has. 0: it is in another pid namespace. Changes nothing.
  static absl::StatusOr<std::optional<pid_t>> FindHolder(const std::string& path);

  const std::string& path() const { return path_; }

  // For the program that replaces this one, and has the same pid: the process keeps the lock.
  state::v1::PidFileState Save(DescriptorKeep& keep) const;
  // Goes on with it there. Until Begin, which comes after DescriptorInheritance::Settle, destroying
  // the object leaves file and lock as they are. The error has the field.
  static absl::StatusOr<PidFile> Restore(const state::v1::PidFileState& state,
                                         DescriptorInheritance& inheritance);
  void Begin() { is_trial_ = false; }

 private:
  explicit PidFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::optional<ipc::FileLock> lock_;
  // In its place, in a program that has inherited the lock: of the file PATH.lock.
  ipc::UniqueFd inherited_lock_;
  bool is_trial_ = false;  // restored, and not begun
  // Of the file that was written, so that no other gets its id.
  ipc::UniqueFd written_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_PID_FILE_H_
