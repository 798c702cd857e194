#ifndef MUSTER_WORKER_WEBSOCKET_SOCKET_STREAM_H_
#define MUSTER_WORKER_WEBSOCKET_SOCKET_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/loop/timer.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/session.h"
#include "muster/worker/websocket/session_state.pb.h"
#include "muster/worker/websocket/socket.h"
#include "muster/worker/websocket/socket_session.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {

// What the WebSockets of one handler share. It outlives them.
struct SocketShare {
  Context& context;
  ServerEnd::Share end;
  // From the client's last byte until it is pinged, and from the ping until it is given up. 0: no
  // pings.
  loop::Clock::duration ping_interval;
  loop::Clock::duration pong_timeout;
  // From this side's Close until the client's.
  loop::Clock::duration close_timeout;
};

// A WebSocket as the session of a stream: bytes to messages, pings, and the closing handshake.
class SocketStream final : public Session {
 public:
  SocketStream(const SocketShare& share, Stream& stream, ServerEnd end, std::string protocol);
  // With what Suspend returned in another worker, but for the session within it. InvalidArgument:
  // it is not that.
  static absl::StatusOr<std::unique_ptr<SocketStream>> Resume(const SocketShare& share,
                                                              Stream& stream,
                                                              const v1::SessionState& state);

  Socket& socket() { return socket_; }
  // Before anything else is called.
  void SetSession(std::unique_ptr<SocketSession> session) { session_ = std::move(session); }

  std::size_t OnInput(absl::string_view input) override;
  void OnInputEnd(Stream& stream) override { stream.Close(); }
  void OnWritable() override { session_->OnWritable(); }
  void OnDrain() override { session_->OnDrain(); }
  std::string Suspend() override;
  void OnQuit() override;
  void OnEnd() override { TellClose(kAbnormalClosure, ""); }

 private:
  // False: the rest of the input waits, or is not wanted.
  bool OnEvent(ServerEnd::Event event);
  void OnTimer();
  // For what is due next.
  void SetTimer();
  void TellClose(std::uint16_t code, absl::string_view reason);

  const SocketShare& share_;
  Socket socket_;
  loop::Timer timer_;
  loop::TimePoint last_input_;
  loop::TimePoint pinged_;      // the epoch: no ping is unanswered
  loop::TimePoint close_sent_;  // the epoch: it was not
  bool is_close_told_ = false;
  // Goes first: its destructor may use the socket, which sets the timer.
  std::unique_ptr<SocketSession> session_;
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_SOCKET_STREAM_H_
