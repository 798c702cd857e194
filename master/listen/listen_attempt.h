#ifndef MUSTER_MASTER_LISTEN_LISTEN_ATTEMPT_H_
#define MUSTER_MASTER_LISTEN_LISTEN_ATTEMPT_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/socket_rights.h"

namespace muster::master {

// What an attempt to listen has changed of live sockets and of new ones. It is taken back, the last
// change first, unless it is kept: a reload may be refused after its sockets listen. One thread.
class ListenAttempt {
 public:
  ListenAttempt() = default;
  ListenAttempt(const ListenAttempt&) = delete;
  ListenAttempt& operator=(const ListenAttempt&) = delete;
  ~ListenAttempt() { TakeBack(); }

  // Listens on those that do not yet. The first one is bound without the others, and lets them in.
  absl::Status Listen(const std::vector<std::shared_ptr<Listener>>& sockets, int backlog);
  // Of the file of a Unix socket; does nothing for TCP. NotFound: the file is gone.
  absl::Status SetRights(const std::shared_ptr<Listener>& socket, const SocketRights& rights);
  // Of a socket that listens.
  absl::Status SetBacklog(const std::shared_ptr<Listener>& socket, int backlog);

  // What was changed so far stays.
  void Keep();
  // What was changed so far and not kept is as it was. What cannot be put back stays, as the rights
  // of a file that is gone.
  void TakeBack();

 private:
  using Socket = std::shared_ptr<Listener>;

  std::vector<Socket> listening_;
  std::vector<Socket> sharing_;
  std::vector<std::pair<Socket, SocketRights>> rights_;  // before
  std::vector<std::pair<Socket, int>> backlogs_;         // before
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_LISTEN_ATTEMPT_H_
