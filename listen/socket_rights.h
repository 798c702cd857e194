#ifndef MUSTER_LISTEN_SOCKET_RIGHTS_H_
#define MUSTER_LISTEN_SOCKET_RIGHTS_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::listen {

// Whose the file of a Unix socket is, and who may write to it, which is who may connect.
struct SocketRights {
  mode_t mode = 0600;
  // Unset: as the kernel sets it.
  std::optional<uid_t> owner = std::nullopt;
  std::optional<gid_t> group = std::nullopt;

  bool operator==(const SocketRights& other) const {
    return mode == other.mode && owner == other.owner && group == other.group;
  }
};

// Reads a mode in octal: "0660" or "660". InvalidArgument: it is none, or has other bits than those
// for reading, writing and executing.
absl::StatusOr<mode_t> ParseSocketMode(absl::string_view text);

// Reads what a configuration has, where an empty text is an unset field. Users and groups are names
// or numbers. Looks names up, which may block for as long as the machine's name service takes.
// Errors have the field, `field` with ".mode", ".owner" or ".group": there is no such user, or this
// process may not give a file to it.
absl::StatusOr<SocketRights> FindSocketRights(const std::string& mode, const std::string& owner,
                                              const std::string& group, absl::string_view field);

}  // namespace muster::listen

#endif  // MUSTER_LISTEN_SOCKET_RIGHTS_H_
