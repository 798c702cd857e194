#ifndef MUSTER_MASTER_LISTEN_LISTEN_ATTEMPT_H_
#define MUSTER_MASTER_LISTEN_LISTEN_ATTEMPT_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "muster/listen/socket_rights.h"
#include "muster/master/listen/listener.h"

namespace muster::master {

// What an attempt to listen has changed of live sockets and of new ones. It is taken back, the last
// change first, unless it is kept: a reload may be refused after its sockets listen. One thread.
class ListenAttempt {
 public:
  ListenAttempt() = default;
  ListenAttempt(const ListenAttempt&) = delete;
  ListenAttempt& operator=(const ListenAttempt&) = delete;
  ~ListenAttempt() { TakeBack(); }

  // Listens on those that do not yet, and has those admit clients that were retired. The first one
  // is bound without the others, and lets them in. `neighbors`: all other sockets of this process
  // that have an address; those that overlap with the first one share its port for the moment.
  absl::Status Listen(const std::vector<std::shared_ptr<Listener>>& sockets, int backlog,
                      const std::vector<std::shared_ptr<Listener>>& neighbors = {});
  // Of the file of a Unix socket; does nothing for TCP. NotFound: the file is gone.
  absl::Status SetRights(const std::shared_ptr<Listener>& socket,
                         const listen::SocketRights& rights);
  // Of a socket that listens.
  absl::Status SetBacklog(const std::shared_ptr<Listener>& socket, int backlog);

  // What was changed so far stays.
  void Keep();
  // What was changed so far and not kept is as it was. What cannot be put back stays, as the rights
  // of a file that is gone.
  void TakeBack();

 private:
  using Socket = std::shared_ptr<Listener>;

  // What a socket was before.
  enum class Before { kSilent, kReserved, kRetired };

  absl::Status ListenOn(const Socket& socket, int backlog);

  std::vector<std::pair<Socket, Before>> listening_;
  std::vector<Socket> sharing_;
  std::vector<std::pair<Socket, listen::SocketRights>> rights_;  // before
  std::vector<std::pair<Socket, int>> backlogs_;                 // before
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_LISTEN_ATTEMPT_H_
