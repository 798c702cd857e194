#ifndef MUSTER_MASTER_SYSTEMD_NOTIFICATION_SOCKET_H_
#define MUSTER_MASTER_SYSTEMD_NOTIFICATION_SOCKET_H_

#include <optional>
#include <string>

#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// A service manager's end of sd_notify(3), for tests: the socket that $NOTIFY_SOCKET names.
class NotificationSocket {
 public:
  struct Message {
    std::string text;  // its first 1024 bytes
    ipc::UniqueFd fd;  // invalid: it came without one
  };

  // Binds the file `path`, which stays when the object goes. Ends the process if it cannot.
  explicit NotificationSocket(const std::string& path);

  // The next message; nothing: none has come. Does not wait.
  std::optional<Message> Receive() const;
  // To wait for messages with poll(2).
  int fd() const { return fd_.get(); }

 private:
  ipc::UniqueFd fd_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_SYSTEMD_NOTIFICATION_SOCKET_H_
