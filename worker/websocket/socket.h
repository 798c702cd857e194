#ifndef MUSTER_WORKER_WEBSOCKET_SOCKET_H_
#define MUSTER_WORKER_WEBSOCKET_SOCKET_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/stream/stream.h"
#include "muster/worker/websocket/wire/close_code.h"  // IWYU pragma: export; sessions close with it
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {

// One client's WebSocket as its session sees it. It outlives its session. All calls are for the
// loop's thread, and may be made within any call of any session; other threads use a StreamHandle.
// No call blocks, and none calls a session.
//
// Its output, bounds and timeouts are those of a Stream (worker/stream/stream.h): `stream` of the
// configuration.
class Socket {
 public:
  // Sends a message. It has no effect once the WebSocket is closing. InvalidArgument: the text is
  // not UTF-8.
  absl::Status SendText(absl::string_view text);
  void SendBinary(absl::string_view bytes);
  // Sends a ping beside those that the service sends by itself. InvalidArgument: more than 125
  // bytes.
  absl::Status SendPing(absl::string_view payload);

  // Begins the closing handshake. What the client still sends is dropped; the connection ends with
  // its Close, or after close_timeout. InvalidArgument: no Close may have `code`, or the reason is
  // not UTF-8. A reason of more than 123 bytes is cut.
  absl::Status Close(std::uint16_t code = kNormalClosure, absl::string_view reason = "");
  // Ends the connection now, with a reset.
  void Abort() { stream_.Abort(); }
  // A Close was sent, or the client's has come.
  bool is_closing() const { return end_.is_closing(); }

  // The subprotocol that was agreed on. Empty: there is none.
  const std::string& protocol() const { return protocol_; }
  const Origin& origin() const { return stream_.origin(); }

  // As of the stream.
  std::uint64_t unsent_bytes() const { return stream_.unsent_bytes(); }
  void Pause() { stream_.Pause(); }
  void Resume() { stream_.Resume(); }
  Stream::Hold TakeHold() { return stream_.TakeHold(); }

 private:
  friend class SocketStream;

  // `on_close`: a Close was sent by this side.
  Socket(Stream& stream, ServerEnd end, std::string protocol, std::function<void()> on_close)
      : stream_(stream),
        end_(std::move(end)),
        protocol_(std::move(protocol)),
        on_close_(std::move(on_close)) {}
  void Flush();

  Stream& stream_;
  ServerEnd end_;
  const std::string protocol_;
  const std::function<void()> on_close_;
  std::string out_;
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_SOCKET_H_
