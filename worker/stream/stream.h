#ifndef MUSTER_WORKER_STREAM_STREAM_H_
#define MUSTER_WORKER_STREAM_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/stream/exception_text.h"
#include "muster/worker/stream/input_buffer.h"
#include "muster/worker/stream/output_queue.h"
#include "muster/worker/stream/session.h"
#include "muster/worker/stream/stream_deadline.h"
#include "muster/worker/stream/stream_handle.h"
#include "muster/worker/stream/stream_queue.h"
#include "muster/worker/stream/stream_state.h"

namespace muster::worker {

class StreamSet;

// One client's connection as its session sees it, with a buffer for each direction. It belongs to
// the StreamService, and outlives its session. All calls are for the loop's thread, and may be made
// within any call of any session; other threads use a StreamHandle. No call blocks, and none calls
// a session: what follows from it comes in a turn of the stream, at the end of the call from which
// it was made or in the next round of the loop.
//
// Its bounds and timeouts are `stream` of the configuration (docs/CONFIGURATION.md). A client that
// exceeds one is closed, and a line of the log says why. Nothing is read from a client while it has
// not taken what it was written.
class Stream final : private loop::Handler {
 public:
  using Hold = StreamHold;

  ~Stream() override;

  // Writes are gathered, and sent together at the end of the turn, or earlier if there are 64 KiB.
  // What the kernel does not take waits in memory, at most max_unsent_bytes; of a file only its
  // name waits. They have no effect after EndOutput, Close and the end of the client.
  void Write(absl::string_view bytes);
  // Without a copy.
  void Write(absl::Cord bytes);
  // Until it is sent, the client is not handed off. If the file has become shorter, the connection
  // is aborted.
  void Write(FileRange file);
  // What was written and is not taken by the kernel, files included. Session::OnWritable tells when
  // it is 0 again.
  std::uint64_t unsent_bytes() const { return output_.bytes(); }
  // Of it, what is in memory.
  std::uint64_t unsent_memory_bytes() const { return output_.memory_bytes(); }

  // Input that was received and is not consumed. What is in the kernel still is not in it.
  absl::string_view unread() const { return input_.bytes(); }

  // The client has ended its side, and Session::OnInputEnd was called: of this session, or of the
  // one before it in another worker. It is called once, so Protocol::Resume looks here.
  bool is_input_ended() const { return is_input_end_told_; }

  // OnInput and OnInputEnd are not called, and nothing is read, until Resume. A paused stream waits
  // for something of this process. So a drain leaves it here, until Resume or shutdown_timeout. Its
  // session may write meanwhile. A pause is its session's: Protocol::Resume may pause anew, and
  // what Suspend pauses is not paused.
  void Pause() {
    is_paused_ = true;
    NoteHeldBack();
  }
  // Input that is here is offered again.
  void Resume();
  bool is_paused() const { return is_paused_; }
  // Whether more input may be offered now: not while it is paused, nor while the client has not
  // taken its output, nor after its end. A session that consumes many requests in one call looks
  // here after each, and leaves the rest unconsumed.
  bool takes_input() const { return !is_paused_ && !is_blocked_ && !is_closing_ && !is_over_; }

  // How long in this worker nothing was read from the client, since the stream was paused or the
  // client had not taken its output. For sessions with deadlines of their own: this time is not the
  // client's. It only grows.
  loop::Clock::duration time_held_back() const;

  // The client is not handed off, nor closed by a drain, while the hold exists. For work that goes
  // on while more input is consumed.
  Hold TakeHold();
  // For other threads.
  StreamHandle handle() { return StreamHandle(link()); }

  // Ends the output: once everything written is sent, the client reads an end. Input goes on. When
  // both sides have ended, the connection is closed.
  void EndOutput();
  // Closes the client once everything written is sent, at the latest after close_timeout. Its input
  // is not offered any more. If it is still sending, its end of the connection is awaited for 5 s
  // at most, so that no reset overtakes what was sent.
  void Close();
  // Ends the connection now, with a reset. What is unsent is dropped.
  void Abort();

  // Who the client is, and by which listener it came. It stays the same over handoffs.
  const Origin& origin() const { return connection_.origin; }

  Session& session() { return *session_; }

 private:
  friend class StreamService;
  friend class StreamSet;

  Stream(StreamSet& set, Connection connection);

  // ---- From the service and the set ----

  // Makes the session by Protocol::Begin, and has the first turn.
  void Begin();
  // Makes it by Protocol::Resume, with what another worker left.
  absl::Status Restore(StreamState state);
  void TellDrain();
  void TellEnd();
  void Enqueue();
  // A turn: offers input, sends output, and arranges what comes next. May destroy this.
  void Work();
  // The connection ends now; this is destroyed in the next round.
  void End();

  // ---- Within a turn ----

  void OnEvents(std::uint32_t events) override;
  void OnTimer();
  void OnHoldReleased();
  void BeginTurn();
  void EndTurn();
  // False: nothing came. It may have found the end of the connection.
  bool Receive();
  bool MayReceive() const;
  void Offer();
  bool MayOffer() const;
  void OfferEnd();
  // True: all is sent.
  bool Flush();
  void OnWritten(std::uint64_t memory_bytes);
  // Ends the connection if too much is unsent, or another one.
  void BoundOutput();
  void Quit();
  void FinishClosing();
  void Linger();
  void Watch();
  void Unwatch();
  void SetTimer();

  // ---- The end of its time in this worker ----

  // After each change of is_paused_ and is_blocked_.
  void NoteHeldBack();
  bool is_busy() const { return is_paused_ || holds_ > 0; }
  // True: it was handed off, and this is destroyed.
  bool TryHandOff();
  bool FitsHandoff(std::size_t session_bytes, std::size_t limit_bytes) const;
  // The session was suspended, but nobody takes its client: a new one goes on here.
  void GoOn(std::string state);
  // Without what the session returns. The buffers are empty afterwards.
  StreamState TakeState();
  // By Protocol::Resume.
  absl::Status MakeSession(std::string state);

  // Calls the session or the protocol. False: it threw, and the stream has ended.
  template <typename Call>
  bool Guard(const char* name, Call call) {
    try {
      call();
      return true;
    } catch (...) {
      OnException(name, ExceptionText());
    }
    return false;
  }
  void OnException(const char* name, absl::string_view text);
  // Ends the connection for a reason that the log has.
  void EndFor(absl::string_view reason, absl::string_view details);
  const std::shared_ptr<StreamLink>& link();
  StreamTimes Times() const;

  StreamSet& set_;
  Connection connection_;
  std::unique_ptr<Session> session_;
  InputBuffer input_;
  OutputQueue output_;
  StreamQueue::Place place_{this};    // of the set
  std::shared_ptr<StreamLink> link_;  // null: nobody has asked for it
  std::uint32_t holds_ = 0;

  loop::Timer timer_;
  loop::TimePoint last_activity_;
  loop::TimePoint unread_since_;                    // while there is input
  loop::TimePoint unsent_since_;                    // while is_blocked_
  loop::TimePoint closing_since_;                   // while is_closing_
  loop::TimePoint linger_until_;                    // while is_lingering_
  loop::Clock::duration held_back_ = {};            // until held_back_since_
  std::optional<loop::TimePoint> held_back_since_;  // while is_paused_ or is_blocked_

  // Of a session that was suspended, but whose stream had too much for those that take it. So it is
  // not suspended again before there is less input or output, or they take more. 0: it was not.
  std::size_t refused_session_bytes_ = 0;
  std::uint32_t watched_events_ = 0;
  bool is_watched_ = false;
  bool is_woken_in_vain_ = false;  // by an event that is not waited for
  bool is_in_turn_ = false;
  bool is_queued_ = false;
  bool is_paused_ = false;
  bool is_offered_ = false;     // the session has consumed nothing of what there is
  bool is_blocked_ = false;     // the kernel has not taken all output
  bool owes_writable_ = false;  // all output was taken; OnWritable was not called since
  bool is_input_ended_ = false;
  bool is_input_end_told_ = false;
  bool is_output_ending_ = false;
  bool is_output_ended_ = false;
  bool is_drain_told_ = false;
  bool is_closing_ = false;
  bool is_lingering_ = false;
  bool is_hung_up_ = false;  // the client is gone, and there may be input of it still
  bool is_over_ = false;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_H_
