#ifndef MUSTER_MASTER_SYSTEMD_MANAGER_SOCKET_H_
#define MUSTER_MASTER_SYSTEMD_MANAGER_SOCKET_H_

#include <string>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// The way to the service manager that started this process: the socket that $NOTIFY_SOCKET names
// (sd_notify(3)). It never waits. One thread.
class ManagerSocket {
 public:
  // Reads $NOTIFY_SOCKET.
  ManagerSocket();

  // Whether there is a manager. It may be gone by now.
  bool has_manager() const { return !address_.empty(); }

  enum class Outcome {
    kSent,
    kFull,  // the manager has not read what came before: send it again later
    kLost,  // it does not take this, or is gone; it never will
  };
  // One datagram, with a descriptor unless `fd` is -1. Without a manager it is lost.
  Outcome Send(absl::string_view message, int fd = -1) const;

 private:
  std::string address_;  // of the manager, as the kernel wants it; empty: there is none
  ipc::UniqueFd socket_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_SYSTEMD_MANAGER_SOCKET_H_
