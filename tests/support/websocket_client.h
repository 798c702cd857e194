#ifndef MUSTER_TESTS_SUPPORT_WEBSOCKET_CLIENT_H_
#define MUSTER_TESTS_SUPPORT_WEBSOCKET_CLIENT_H_

#include <optional>
#include <string>

#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/websocket/wire/client_frames.h"  // IWYU pragma: export; tests send them

namespace muster::tests {

// One WebSocket of a client, over TCP, for at most kPatience a call. It sends any bytes: those of
// frames come from client_frames.h.
class WebSocketClient {
 public:
  // Connects to "127.0.0.1:7070" and asks for "/path". `fields` are added to the request.
  WebSocketClient(const std::string& address, const std::string& path,
                  const std::string& fields = "");

  // The server has agreed.
  bool is_open() const { return is_open_; }
  // The head of the server's answer to the handshake.
  const std::string& answer() const { return answer_; }

  bool Send(const std::string& bytes);
  // The next frame, as worker::websocket::Describe has it: "text hello". Nothing: the connection
  // has ended, or none came.
  std::optional<std::string> Receive();
  // Waits for the end of the connection. False: something else came, or nothing.
  bool AwaitEnd();

 private:
  // False: the end, or nothing came.
  bool Read();

  ipc::UniqueFd fd_;
  bool is_open_ = false;
  bool has_ended_ = false;
  std::string answer_;
  std::string unread_;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_WEBSOCKET_CLIENT_H_
