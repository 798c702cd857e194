#include "muster/ipc/channel/descriptor_refusal.h"

#include <sys/socket.h>

namespace muster::ipc {
namespace {

// Older headers do not have it.
constexpr int kPassRights = 83;  // SO_PASSRIGHTS

}  // namespace

bool RefuseDescriptors(int unix_socket) {
  const int off = 0;
  return ::setsockopt(unix_socket, SOL_SOCKET, kPassRights, &off, sizeof(off)) == 0;
}

}  // namespace muster::ipc
