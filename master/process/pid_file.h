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

// A file that tells this process's pid as long as the object lives. A lock on the file PATH.lock
// beside it keeps a second master out; the kernel drops it however the process ends, so a
// file left behind by a killed master is in nobody's way. PATH.lock stays.
class PidFile {
 public:
  // Makes the folder if it is absent and locks; writes nothing yet. AlreadyExists: another master
  // has it; the message tells its pid, and what can be done.
  static absl::StatusOr<PidFile> Lock(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  // Removes the file if it was written.
  ~PidFile();

  // Whole or not at all, by renaming. So a reader never sees an empty file.
  absl::Status Write();

  // What the file at `path` says. NotFound: no master runs there, as far as can be told.
  static absl::StatusOr<pid_t> Read(const std::string& path);

  // The master that has the file at `path`, which may be yet to write it; nothing: none has. Makes
  // nothing. 0: it is in another pid namespace.
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
