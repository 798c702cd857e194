#ifndef MUSTER_MASTER_PROCESS_PID_FILE_H_
#define MUSTER_MASTER_PROCESS_PID_FILE_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/lock/file_lock.h"

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
  // Removes the file if it was written.
  ~PidFile();

  // Writes the file whole or not at all, by renaming. So a reader never sees an empty file.
  absl::Status Write();

  // The pid in the file at `path`. NotFound: no master runs there, as far as can be seen.
  static absl::StatusOr<pid_t> Read(const std::string& path);

  // The pid of the master that has locked `path`, even if it has not written the file yet. Nothing:
  // no master has. 0: it is in another pid namespace. Changes nothing.
  static absl::StatusOr<std::optional<pid_t>> FindHolder(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  PidFile(std::string path, ipc::FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  ipc::FileLock lock_;
  bool is_written_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_PID_FILE_H_
