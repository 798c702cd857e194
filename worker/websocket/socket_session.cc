#include "muster/worker/websocket/socket_session.h"

namespace muster::worker::websocket {

void SocketSession::OnBinary(Socket& socket, absl::string_view /*bytes*/) {
  // It cannot fail: the code and the reason are valid.
  socket.Close(kUnsupportedData, "only texts are understood").IgnoreError();
}

}  // namespace muster::worker::websocket
