#ifndef MUSTER_IPC_CHANNEL_FIFO_H_
#define MUSTER_IPC_CHANNEL_FIFO_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/channel/pipe.h"

namespace muster::ipc {

// Owns the name of a pipe in the file system, of mode 0600, and removes it in the end.
// Processes that share nothing else meet there. A killed owner leaves the
// name; a child of fork must not destroy its copy.
class Fifo {
 public:
  // AlreadyExists: the path is taken.
  static absl::StatusOr<Fifo> Create(absl::string_view path);

  ~Fifo();
  Fifo(Fifo&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Fifo& operator=(Fifo&&) = delete;

  const std::string& path() const { return path_; }

  // Any process may open either end, and more than once; neither call waits for the other
  // end. InvalidArgument: `path` is not a FIFO. To write: FailedPrecondition while nobody
  // has it open for reading.
  static absl::StatusOr<PipeReader> OpenReader(absl::string_view path);
  static absl::StatusOr<PipeWriter> OpenWriter(absl::string_view path);

 private:
  explicit Fifo(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_FIFO_H_
