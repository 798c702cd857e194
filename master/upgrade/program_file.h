#ifndef MUSTER_MASTER_UPGRADE_PROGRAM_FILE_H_
#define MUSTER_MASTER_UPGRADE_PROGRAM_FILE_H_

#include <sys/types.h>
#include <time.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// The file of a program that the master is to become, pinned by a descriptor: what is tried is what
// is executed later, whatever takes the file's place. Executing it is acting as the master, so the
// file belongs to root or to the master's user, and nobody else may write it. For any thread.
class ProgramFile {
 public:
  // `path` is absolute. May wait for a file system. InvalidArgument: the path is relative, or leads
  // to no program of this machine. PermissionDenied: the file is not to be trusted, or not
  // executable. Errors have the path.
  static absl::StatusOr<ProgramFile> Open(const std::string& path);
  // What of that is about trust, for the other program behind this descriptor: a worker's.
  static absl::Status CheckTrusted(const std::string& path, int fd);
  // The program that this process executes, which is trusted. `path`: where it is from.
  static absl::StatusOr<ProgramFile> OpenOwn(std::string path);
  // A descriptor from before an exec.
  static absl::StatusOr<ProgramFile> Adopt(ipc::UniqueFd file, std::string path);

  const std::string& path() const { return path_; }
  int fd() const { return file_.get(); }

  // FailedPrecondition: somebody has written to the file since it was opened.
  absl::Status CheckUnchanged() const;

 private:
  ProgramFile(std::string path, ipc::UniqueFd file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  ipc::UniqueFd file_;
  timespec modified_ = {};
  off_t size_bytes_ = 0;
};

// The absolute path of the program that this process executes, as it was when the process began:
// without the kernel's " (deleted)". To be asked at the start.
absl::StatusOr<std::string> OwnProgramPath();

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPGRADE_PROGRAM_FILE_H_
