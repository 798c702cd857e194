#ifndef MUSTER_WORKER_STANDALONE_STANDALONE_SOCKETS_H_
#define MUSTER_WORKER_STANDALONE_STANDALONE_SOCKETS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/listen/socket_file.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/protocol/handover.h"

namespace muster::worker {

// The listeners of a configuration in a process that has no master. Its Unix sockets' files are
// removed at the end. In one thread, but for RemoveFiles.
class StandaloneSockets {
 public:
  // Binds each address, as a master does; nothing listens yet. Folders for Unix sockets are made.
  // Errors have the field: "listen[0].address".
  static absl::StatusOr<StandaloneSockets> Bind(const config::v1::Config& config);

  // Listens on all of them. Errors have the field.
  absl::Status Listen() const;

  // For the worker. The sockets stay this object's.
  std::vector<HandedListener> listeners() const;
  // As they are really bound, in the order of the configuration.
  std::vector<std::string> addresses() const;

  // Closes them, and removes their files. They go on where the worker has them.
  void Close();

  // Removes the files of the Unix sockets, as the end of the object does. Async-signal-safe.
  void RemoveFiles();

 private:
  struct Socket {
    listen::Address address;
    std::string field;
    int backlog = 0;
    ipc::UniqueFd fd;
    std::optional<listen::SocketFile> file;  // of a Unix socket; it ends before the socket
  };

  static absl::StatusOr<Socket> BindOne(const config::v1::Listen& listen, const std::string& field);

  std::vector<Socket> sockets_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STANDALONE_STANDALONE_SOCKETS_H_
