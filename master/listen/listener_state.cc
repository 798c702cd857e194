#include <sys/socket.h>

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/socket_state.h"

namespace muster::master {
namespace {

absl::StatusOr<int> GetOption(int fd, int option, const char* name) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0) return value;
  return ipc::ErrnoStatus(absl::StrCat("fd: getsockopt ", name, " of descriptor ", fd));
}

absl::Status Differs(const char* field, const absl::AlphaNum& said, const absl::AlphaNum& found) {
  return StateError(field, absl::StrCat(said.Piece(), ", but the socket has ", found.Piece()));
}

absl::Status CheckOption(int fd, int option, const char* name, const char* field, int expected) {
  MUSTER_ASSIGN_OR_RETURN(const int found, GetOption(fd, option, name));
  return found == expected ? absl::OkStatus() : Differs(field, expected, found);
}

// Whether the socket is what the state says of it.
absl::Status Check(const state::v1::Socket& state, const listen::Address& address, int fd) {
  MUSTER_RETURN_IF_ERROR(CheckOption(fd, SO_TYPE, "SO_TYPE", "fd", SOCK_STREAM));
  MUSTER_RETURN_IF_ERROR(CheckOption(fd, SO_DOMAIN, "SO_DOMAIN", "address", address.family()));
  MUSTER_RETURN_IF_ERROR(CheckOption(fd, SO_ACCEPTCONN, "SO_ACCEPTCONN", "is_listening",
                                     state.is_listening() ? 1 : 0));
  if (!address.is_unix()) {
    MUSTER_RETURN_IF_ERROR(
        CheckOption(fd, SO_REUSEPORT, "SO_REUSEPORT", "shares_port", state.shares_port() ? 1 : 0));
  }
  if (!state.is_bound()) return absl::OkStatus();
  MUSTER_ASSIGN_OR_RETURN(const listen::Address found, listen::Address::OfSocket(fd));
  return found == address ? absl::OkStatus()
                          : Differs("address", address.ToString(), found.ToString());
}

}  // namespace

state::v1::Socket Listener::Save(DescriptorKeep& keep) const {
  state::v1::Socket state;
  state.set_fd(keep.Add(fd()));
  state.set_address(address_.ToString());
  state.set_is_bound(is_bound_);
  state.set_is_listening(is_listening_);
  state.set_backlog(static_cast<std::uint32_t>(backlog_));
  state.set_shares_port(shares_port_);
  state.set_is_shared(is_shared_);
  if (has_file()) *state.mutable_file() = SaveSocketFile(file());
  return state;
}

absl::StatusOr<Listener> Listener::Restore(const state::v1::Socket& state,
                                           DescriptorInheritance& descriptors) {
  const absl::StatusOr<listen::Address> address = listen::Address::Parse(state.address());
  if (!address.ok()) return StateError("address", address.status().message());
  if (state.has_file() != address->is_unix()) {
    return StateError("file", state.has_file() ? "is of a Unix socket only" : "is missing");
  }
  if (state.is_listening() && !state.is_bound()) {
    return StateError("is_bound", "is false, and the socket listens");
  }
  if (state.backlog() > std::numeric_limits<int>::max()) {
    return StateError("backlog", absl::StrCat(state.backlog(), " is too large"));
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, descriptors.Adopt(state.fd(), "fd"));
  MUSTER_RETURN_IF_ERROR(Check(state, *address, fd.get()));
  Listener listener(std::move(fd), *address);
  listener.is_bound_ = state.is_bound();
  listener.is_listening_ = state.is_listening();
  listener.backlog_ = static_cast<int>(state.backlog());
  listener.shares_port_ = state.shares_port();
  listener.is_shared_ = state.is_shared();
  if (state.has_file()) {
    absl::StatusOr<listen::SocketFile> file =
        RestoreSocketFile(*address, state.file(), state.is_shared());
    if (!file.ok()) return InStateField("file", file.status());
    listener.file_.emplace(*std::move(file));
  }
  return listener;
}

void Listener::Own() {
  if (has_file()) return file().Own();
  if (is_listening_ || !is_bound_) return;
  const absl::StatusOr<int> is_reusable = GetOption(fd(), SO_REUSEADDR, "SO_REUSEADDR");
  is_reserved_ = is_reusable.ok() && *is_reusable == 0;
}

}  // namespace muster::master
