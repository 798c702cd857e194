#ifndef MUSTER_WORKER_HTTP_PIECES_STREAMED_BODY_H_
#define MUSTER_WORKER_HTTP_PIECES_STREAMED_BODY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/worker/http/pieces/handler_log.h"
#include "muster/worker/http/pieces/trailers.h"

namespace muster::worker::http {

// How a response is written in pieces, and what its handler wants to know of that. The functions
// are called in the loop's thread, never within a call of the handler or of the StreamedReply. None
// may block. They are destroyed with the end of the response, in the loop's thread, so they may own
// what owns the StreamedReply.
struct StreamOptions {
  // Everything written was taken by the kernel: unsent_bytes() is 0. Called once after each time
  // that something was written. A handler that has much to send writes the next part here.
  std::function<void()> on_writable = {};
  // The client has ended its side. It may still read, but most clients that do so have left: end a
  // response that would go on for ever. Called at most once. Not while the client has to take what
  // was written, nor for an end behind another request that it has sent.
  std::function<void()> on_input_end = {};
  // Nobody takes what is written any more, and End was not called: the client has left or was too
  // slow, or the response has no body, since it answers HEAD or is a 204, 205 or 304. Called once.
  std::function<void()> on_gone = {};
  // The names of the trailers that End will have, for the client to know: the field Trailer.
  std::vector<std::string> trailers = {};
  // To write more while more than this is unsent ends the response and its connection.
  std::size_t max_unsent_bytes = 8 * 1024 * 1024;
};

// What a handler has written of a response's body and the connection has not taken: the part of a
// StreamedReply that both share.
class StreamedBody : public std::enable_shared_from_this<StreamedBody> {
 public:
  // What other threads write is gathered up to here.
  static constexpr std::size_t kGatheredBytes = 16 * 1024;

  // Any thread. `log` is the handler's; its context outlives this.
  StreamedBody(HandlerLog& log, std::thread::id loop_thread, StreamOptions options)
      : log_(log),
        context_(log.context()),
        loop_thread_(loop_thread),
        options_(std::move(options)) {}

  // ---- For the handler: as in StreamedReply. Any thread ----

  void Write(absl::string_view bytes);
  void Flush();
  void End(Trailers trailers);
  void Abort();
  std::uint64_t unsent_bytes() const;
  bool is_gone() const { return is_gone_.load(std::memory_order_relaxed); }

  // ---- For the connection: the loop's thread ----

  // Called in a round of its own when there is something to take. Null: no more.
  void SetOnPieces(std::function<void()> on_pieces) { on_pieces_ = std::move(on_pieces); }
  const std::vector<std::string>& trailer_names() const { return options_.trailers; }

  struct Pieces {
    std::string bytes;
    bool is_aborted = false;
    bool is_end = false;  // and the trailers are these
    Trailers trailers;
  };
  Pieces Take();
  bool is_aborted() const {
    const std::lock_guard lock(mutex_);
    return is_aborted_;
  }
  // Of what was taken, this is not sent yet.
  void SetTakenUnsent(std::uint64_t bytes);
  // Everything taken is sent. Tells the handler, if nothing else was written meanwhile.
  void TellWritable();
  void TellInputEnd();
  // Nobody takes anything any more: tells the handler, unless it has ended the response.
  void Cut();

 private:
  // Of the mutex's holder: whether the connection has to be woken.
  bool MustWake() { return !std::exchange(is_woken_, true); }
  void Wake();
  // An exception of the handler's function aborts the response.
  void Tell(const std::function<void()>& notice, absl::string_view name);
  bool is_over() const { return is_gone() || is_ended_ || is_aborted_; }

  HandlerLog& log_;
  Context& context_;
  const std::thread::id loop_thread_;
  StreamOptions options_;            // its functions in the loop's thread
  std::function<void()> on_pieces_;  // in the loop's thread
  bool is_input_end_told_ = false;   // in the loop's thread

  mutable std::mutex mutex_;  // not held across a call or a post
  std::string gathered_;
  std::uint64_t taken_unsent_ = 0;
  Trailers trailers_;
  bool is_ended_ = false;
  bool is_aborted_ = false;
  bool is_woken_ = false;
  bool owes_writable_ = false;
  // Written with the mutex. Relaxed: who reads it without decides nothing by it but to stop.
  std::atomic<bool> is_gone_{false};
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_STREAMED_BODY_H_
