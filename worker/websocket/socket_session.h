#ifndef MUSTER_WORKER_WEBSOCKET_SOCKET_SESSION_H_
#define MUSTER_WORKER_WEBSOCKET_SOCKET_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/websocket/socket.h"  // IWYU pragma: export

namespace muster::worker::websocket {

// Holds the state of one client. You implement it. Called in the loop's thread, never within
// another call of the same session. No call may block. An exception that leaves a call closes the
// client, and is logged. The destructor throws nothing.
class SocketSession {
 public:
  virtual ~SocketSession() = default;

  // A whole message of the client, which is gone when the call returns. A text is UTF-8.
  virtual void OnText(absl::string_view text) = 0;
  // Unless it is overridden, the client is closed with kUnsupportedData.
  virtual void OnBinary(Socket& socket, absl::string_view bytes);
  // An answer to a ping, or none. The service's own pings have an empty payload.
  virtual void OnPong(absl::string_view /*payload*/) {}
  // Everything written was taken by the kernel: socket.unsent_bytes() is 0.
  virtual void OnWritable() {}

  // The worker drains. Called once, before the client is handed off or closed.
  virtual void OnDrain() {}
  // Returns the bytes from which SocketProtocol::Resume in another process goes on. Also called
  // while the closing handshake is under way. The session is destroyed afterwards.
  virtual std::string Suspend() = 0;
  // The worker ends and no other takes over. This is the last chance to send. The client is closed
  // with kGoingAway afterwards.
  virtual void OnQuit() {}
  // The WebSocket is closed. `code`: the client's; kNoStatusReceived if it gave none;
  // kAbnormalClosure if the connection ended without its Close, also because it did not answer a
  // ping or a Close in time, or did not send the rest of a frame; or the code for which the service
  // has failed it. Called once, and not for a client that moves to another worker.
  virtual void OnClose(std::uint16_t /*code*/, absl::string_view /*reason*/) {}
};

// Makes the sessions, outlives them, and holds what they share. You implement it. Called in the
// loop's thread; no call may block.
class SocketProtocol {
 public:
  virtual ~SocketProtocol() = default;

  // Called for each request that passes the handshake, before it is answered: looks at its path,
  // query, fields and client. A response refuses it, such as one with status 401.
  virtual std::optional<http::Response> Refuse(const http::Request& /*request*/) {
    return std::nullopt;
  }
  // Makes the session of a new client. `request` is that of the handshake, as its client sent it;
  // it is gone when the call returns. `socket` outlives the session. May send.
  virtual std::unique_ptr<SocketSession> Begin(Socket& socket, const http::Request& request) = 0;
  // Makes the session of a client that comes from another worker, which may run another version of
  // the program. An error closes the client. May send.
  virtual absl::StatusOr<std::unique_ptr<SocketSession>> Resume(Socket& socket,
                                                                std::string state) = 0;
  // The worker drains: called once, before OnDrain of the sessions.
  virtual void OnDrain() {}
  // As Service::Reopen.
  virtual absl::Status Reopen() { return absl::OkStatus(); }
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_SOCKET_SESSION_H_
