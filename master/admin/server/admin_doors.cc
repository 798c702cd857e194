#include "muster/master/admin/server/admin_doors.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

absl::Status AdminDoors::Adopt(const ListenerSet& listeners) {
  absl::Status status;
  const std::vector<std::string> addresses = Addresses();
  std::vector<Door> before = std::exchange(doors_, {});
  for (std::shared_ptr<const Listener>& socket : listeners.ForAdmin()) {
    const auto found = std::find_if(before.begin(), before.end(),
                                    [&](const Door& door) { return door.socket == socket; });
    if (found != before.end()) {
      doors_.push_back(std::move(*found));
      before.erase(found);
      continue;
    }
    absl::StatusOr<Door> door = Open(std::move(socket));
    if (door.ok()) doors_.push_back(*std::move(door));
    status.Update(door.status());
  }
  Tell(addresses);
  const std::vector<std::string> now = Addresses();
  for (Door& door : before) Close(std::move(door), now);
  return status;
}

absl::StatusOr<AdminDoors::Door> AdminDoors::Open(std::shared_ptr<const Listener> socket) {
  const bool is_unix = socket->address().is_unix();
  Door door;
  door.acceptor = std::make_unique<SocketAcceptor>(
      surroundings_.loop, surroundings_.log,
      [this, is_unix](SocketAcceptor& acceptor, ipc::UniqueFd connection) {
        surroundings_.on_connection(is_unix, acceptor, std::move(connection));
      });
  MUSTER_RETURN_IF_ERROR(door.acceptor->Listen(socket->fd()));
  door.acceptor->SetPaused(is_unix ? is_unix_paused_ : is_tcp_paused_);
  door.socket = std::move(socket);
  return door;
}

void AdminDoors::Close(Door door, const std::vector<std::string>& now) {
  const std::string address = door.socket->address().ToString();
  if (std::count(now.begin(), now.end(), address) > 0) {
    surroundings_.log.Write(
        Severity::kWarning,
        absl::StrCat(address, ": the file of the admin socket was removed; it is there again"));
  }
  door.acceptor.reset();
  const bool is_unix = door.socket->address().is_unix();
  surroundings_.close(is_unix,
                      std::make_shared<std::shared_ptr<const Listener>>(std::move(door.socket)));
}

std::vector<std::string> AdminDoors::Addresses() const {
  std::vector<std::string> addresses;
  for (const Door& door : doors_) addresses.push_back(door.socket->address().ToString());
  return addresses;
}

void AdminDoors::Tell(const std::vector<std::string>& before) {
  for (const Door& door : doors_) {
    const listen::Address& address = door.socket->address();
    if (std::count(before.begin(), before.end(), address.ToString()) > 0) continue;
    // That of a start is where it always is, and has no port to be told.
    if (before.empty() && address.is_unix()) continue;
    const char* const kind = address.is_unix()         ? ""
                             : surroundings_.has_tls() ? ", TLS"
                                                       : ", insecure";
    surroundings_.log.Write(Severity::kInfo,
                            absl::StrCat("admin: listening on ", address.ToString(), kind));
  }
  const std::vector<std::string> now = Addresses();
  for (const std::string& address : before) {
    if (std::count(now.begin(), now.end(), address) > 0) continue;
    surroundings_.log.Write(Severity::kInfo,
                            absl::StrCat("admin: no longer listening on ", address));
  }
}

void AdminDoors::SetPaused(bool is_unix, bool is_paused) {
  (is_unix ? is_unix_paused_ : is_tcp_paused_) = is_paused;
  for (Door& door : doors_) {
    if (door.socket->address().is_unix() == is_unix) door.acceptor->SetPaused(is_paused);
  }
}

}  // namespace muster::master
