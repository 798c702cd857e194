#ifndef MUSTER_WORKER_WEBSOCKET_SOCKET_STREAM_H_
#define MUSTER_WORKER_WEBSOCKET_SOCKET_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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
  // For a frame from its first byte to its last, and a second more for each 256 bytes of it that
  // have come. 0: any time.
  loop::Clock::duration frame_timeout;
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
  // Deadlines of the client: never while it is held back (Stream::time_held_back).
  std::optional<loop::TimePoint> PingDeadline() const;
  std::optional<loop::TimePoint> FrameDeadline() const;
  // What of it the bytes have bought that have come here.
  loop::Clock::duration FrameCredit() const;
  // The time without that in which the client was held back.
  loop::TimePoint ClientTime() const;
  std::int64_t Saved(loop::TimePoint client_time) const;
  void TellClose(std::uint16_t code, absl::string_view reason);

  const SocketShare& share_;
  Socket socket_;
  loop::Timer timer_;
  // The first three are of ClientTime.
  loop::TimePoint last_input_;
  loop::TimePoint pinged_;       // the epoch: no ping is unanswered
  loop::TimePoint frame_began_;  // while the end is within a frame
  loop::TimePoint close_sent_;   // the epoch: it was not
  bool is_close_told_ = false;
  // Goes first: its destructor may use the socket, which sets the timer.
  std::unique_ptr<SocketSession> session_;
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_SOCKET_STREAM_H_
