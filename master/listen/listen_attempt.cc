#include "muster/master/listen/listen_attempt.h"

#include "muster/ipc/base/status.h"

namespace muster::master {

absl::Status ListenAttempt::Listen(const std::vector<std::shared_ptr<Listener>>& sockets,
                                   int backlog) {
  const Socket& first = sockets.front();
  for (const Socket& socket : sockets) {
    if (socket->is_listening()) continue;
    if (socket != first && !first->shares_port()) {
      MUSTER_RETURN_IF_ERROR(first->SharePort(true));
      sharing_.push_back(first);
    }
    MUSTER_RETURN_IF_ERROR(socket->Listen(backlog));
    listening_.push_back(socket);
  }
  return absl::OkStatus();
}

absl::Status ListenAttempt::SetRights(const Socket& socket, const SocketRights& rights) {
  if (!socket->has_file()) return absl::OkStatus();
  SocketFile& file = socket->file();
  if (!file.IsThere()) return file.Gone();
  const SocketRights before = file.rights();
  MUSTER_RETURN_IF_ERROR(file.SetRights(rights));
  if (!(before == rights)) rights_.emplace_back(socket, before);
  return absl::OkStatus();
}

absl::Status ListenAttempt::SetBacklog(const Socket& socket, int backlog) {
  const int before = socket->backlog();
  MUSTER_RETURN_IF_ERROR(socket->Listen(backlog));
  if (before != backlog) backlogs_.emplace_back(socket, before);
  return absl::OkStatus();
}

void ListenAttempt::Keep() {
  listening_.clear();
  sharing_.clear();
  rights_.clear();
  backlogs_.clear();
}

void ListenAttempt::TakeBack() {
  for (auto it = backlogs_.rbegin(); it != backlogs_.rend(); ++it) {
    it->first->Listen(it->second).IgnoreError();
  }
  for (auto it = rights_.rbegin(); it != rights_.rend(); ++it) {
    it->first->file().SetRights(it->second).IgnoreError();
  }
  for (const Socket& socket : listening_) socket->StopListening();
  for (const Socket& socket : sharing_) socket->SharePort(false).IgnoreError();
  Keep();
}

}  // namespace muster::master
