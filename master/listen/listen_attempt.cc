#include "muster/master/listen/listen_attempt.h"

#include <algorithm>

#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

// As long as it lives, the neighbors of a socket share their port with it, so that it and its
// siblings can be bound beside them and listen. Afterwards another master of this user is kept out
// as ever, since it does not ask to share the port when it binds first.
class SharedPort {
 public:
  SharedPort(const Listener& socket, const std::vector<std::shared_ptr<Listener>>& neighbors) {
    if (socket.address().is_unix()) return;
    for (const auto& neighbor : neighbors) {
      if (neighbor.get() == &socket || !neighbor->address().Overlaps(socket.address())) continue;
      has_neighbors_ = true;
      // If it cannot be, the bind fails.
      if (!neighbor->shares_port() && neighbor->SharePort(true).ok()) sharing_.push_back(neighbor);
    }
  }
  SharedPort(const SharedPort&) = delete;
  SharedPort& operator=(const SharedPort&) = delete;
  ~SharedPort() {
    for (const auto& socket : sharing_) socket->SharePort(false).IgnoreError();
  }

  bool has_neighbors() const { return has_neighbors_; }

 private:
  bool has_neighbors_ = false;
  std::vector<std::shared_ptr<Listener>> sharing_;
};

bool Admits(const Listener& socket) { return socket.is_listening() && !socket.is_retired(); }

}  // namespace

absl::Status ListenAttempt::Listen(const std::vector<Socket>& sockets, int backlog,
                                   const std::vector<Socket>& neighbors) {
  if (std::all_of(sockets.begin(), sockets.end(), [](const Socket& s) { return Admits(*s); })) {
    return absl::OkStatus();
  }
  const Socket& first = sockets.front();
  const SharedPort shared(*first, neighbors);
  if (!first->is_listening() && shared.has_neighbors()) {
    MUSTER_RETURN_IF_ERROR(first->SharePort(true));
  }
  for (const Socket& socket : sockets) {
    if (Admits(*socket)) continue;
    if (socket != first && !first->shares_port()) {
      MUSTER_RETURN_IF_ERROR(first->SharePort(true));
      sharing_.push_back(first);
    }
    MUSTER_RETURN_IF_ERROR(ListenOn(socket, backlog));
  }
  return sockets.size() == 1 && first->shares_port() && shared.has_neighbors()
             ? first->SharePort(false)
             : absl::OkStatus();
}

absl::Status ListenAttempt::ListenOn(const Socket& socket, int backlog) {
  const Before before = socket->is_listening()  ? Before::kRetired
                        : socket->is_reserved() ? Before::kReserved
                                                : Before::kSilent;
  if (before == Before::kRetired) backlog = socket->backlog();
  MUSTER_RETURN_IF_ERROR(socket->Listen(backlog));
  listening_.emplace_back(socket, before);
  return absl::OkStatus();
}

absl::Status ListenAttempt::SetRights(const Socket& socket, const listen::SocketRights& rights) {
  if (!socket->has_file()) return absl::OkStatus();
  listen::SocketFile& file = socket->file();
  if (!file.IsThere()) return file.Gone();
  const listen::SocketRights before = file.rights();
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
  for (const auto& [socket, before] : listening_) {
    switch (before) {
      case Before::kSilent:
        socket->StopListening();
        break;
      case Before::kReserved:
        socket->Reserve();
        break;
      case Before::kRetired:
        if (!socket->Retire().ok()) socket->RetireByHops().IgnoreError();
        break;
    }
  }
  for (const Socket& socket : sharing_) socket->SharePort(false).IgnoreError();
  Keep();
}

}  // namespace muster::master
