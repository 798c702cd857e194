#include "muster/worker/standalone/standalone_sockets.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/host/path.h"
#include "muster/ipc/base/status.h"
#include "muster/listen/listen_socket.h"
#include "muster/listen/socket_rights.h"
#include "muster/proto/field_error.h"

namespace muster::worker {
namespace {

absl::Status MakeFolderOf(const std::string& path) {
  std::error_code error;
  const std::string folder = host::FolderOf(path);
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("make the folder ", folder), error.value());
}

}  // namespace

absl::StatusOr<StandaloneSockets::Socket> StandaloneSockets::BindOne(
    const config::v1::Listen& listen, const std::string& field) {
  MUSTER_ASSIGN_OR_RETURN(
      const listen::SocketRights rights,
      listen::FindSocketRights(listen.mode(), listen.owner(), listen.group(), field));
  Socket socket;
  socket.field = field + ".address";
  socket.backlog = static_cast<int>(listen.backlog());
  const auto bind = [&]() -> absl::Status {
    MUSTER_ASSIGN_OR_RETURN(socket.address, listen::Address::Parse(listen.address()));
    MUSTER_ASSIGN_OR_RETURN(socket.fd, listen::MakeSocket(socket.address));
    if (!socket.address.is_unix()) {
      MUSTER_RETURN_IF_ERROR(listen::BindSocket(socket.fd.get(), socket.address));
      MUSTER_ASSIGN_OR_RETURN(socket.address, listen::Address::OfSocket(socket.fd.get()));
      return absl::OkStatus();
    }
    MUSTER_RETURN_IF_ERROR(MakeFolderOf(socket.address.path()));
    MUSTER_ASSIGN_OR_RETURN(listen::SocketFile file,
                            listen::SocketFile::Bind(socket.fd.get(), socket.address, rights));
    socket.file.emplace(std::move(file));
    return absl::OkStatus();
  };
  MUSTER_RETURN_IF_ERROR(config::AtField(bind(), socket.field));
  return socket;
}

absl::StatusOr<StandaloneSockets> StandaloneSockets::Bind(const config::v1::Config& config) {
  StandaloneSockets sockets;
  for (int i = 0; i < config.listen_size(); ++i) {
    MUSTER_ASSIGN_OR_RETURN(Socket socket,
                            BindOne(config.listen(i), absl::StrCat("listen[", i, "]")));
    sockets.sockets_.push_back(std::move(socket));
  }
  return sockets;
}

absl::Status StandaloneSockets::Listen() const {
  for (const Socket& socket : sockets_) {
    if (::listen(socket.fd.get(), socket.backlog) == 0) continue;
    const absl::Status status =
        errno == EADDRINUSE ? listen::InUse("listen", socket.address)
                            : ipc::ErrnoStatus(absl::StrCat("listen ", socket.address.ToString()));
    return config::AtField(status, socket.field);
  }
  return absl::OkStatus();
}

std::vector<HandedListener> StandaloneSockets::listeners() const {
  std::vector<HandedListener> listeners;
  for (const Socket& socket : sockets_) {
    listeners.push_back({.address = socket.address.ToString(),
                         .fd = socket.fd.get(),
                         .place = static_cast<std::uint32_t>(listeners.size() + 1)});
  }
  return listeners;
}

std::vector<std::string> StandaloneSockets::addresses() const {
  std::vector<std::string> addresses;
  for (const Socket& socket : sockets_) addresses.push_back(socket.address.ToString());
  return addresses;
}

void StandaloneSockets::Close() { sockets_.clear(); }

void StandaloneSockets::RemoveFiles() {
  for (Socket& socket : sockets_) {
    if (socket.file.has_value()) socket.file->Remove();
  }
}

}  // namespace muster::worker
