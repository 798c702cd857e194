#ifndef MUSTER_WORKER_HTTP_PIECES_STREAMED_REPLY_H_
#define MUSTER_WORKER_HTTP_PIECES_STREAMED_REPLY_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "muster/worker/http/pieces/streamed_body.h"
#include "muster/worker/http/pieces/trailers.h"

namespace muster::worker::http {

// A response of unknown length, which its handler writes in pieces: in chunks, or up to the end of
// the connection for a client of HTTP/1.0. Reply::Begin makes it. It may be moved to other threads,
// and all calls are thread-safe. It must not outlive the handler. No call blocks, and none calls
// the handler. If it is destroyed without End, the response is aborted, so that the client cannot
// take it for complete.
//
// The client's next request waits for the end, and so does a drain, for shutdown_timeout at most:
// in Handler::OnDrain, end what would go on. Between two pieces nothing limits the time. A client
// that does not take what was written is closed after send_timeout.
class StreamedReply {
 public:
  explicit StreamedReply(std::shared_ptr<StreamedBody> body) : body_(std::move(body)) {}
  StreamedReply(StreamedReply&&) = default;
  StreamedReply& operator=(StreamedReply&& other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~StreamedReply() { Abort(); }

  // Pieces are gathered. What the loop's thread writes is sent at the end of the loop's round; what
  // others write when it is 16 KiB, or by Flush or End. What the kernel does not take waits in
  // memory: look at unsent_bytes(), and go on in StreamOptions::on_writable. No effect after End,
  // after Abort, and when is_gone().
  void Write(absl::string_view bytes) { body_->Write(bytes); }
  // Sends what was written, in the loop's next round.
  void Flush() { body_->Flush(); }
  // The response is complete. Trailers that CheckTrailer refuses (worker/http/pieces/trailers.h)
  // are logged and left out. A client of HTTP/1.0 gets none.
  void End(Trailers trailers = {}) { body_->End(std::move(trailers)); }
  // Ends the connection with a reset. What is unsent is dropped.
  void Abort() {
    if (body_ != nullptr) body_->Abort();
  }

  // What was written and is not taken by the kernel. Never more than
  // StreamOptions::max_unsent_bytes and the piece that exceeds it.
  std::uint64_t unsent_bytes() const { return body_->unsent_bytes(); }
  // Whether nobody takes what is written any more: see StreamOptions::on_gone. False is a guess
  // outside the loop's thread.
  bool is_gone() const { return body_->is_gone(); }

 private:
  std::shared_ptr<StreamedBody> body_;  // null: moved from
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_STREAMED_REPLY_H_
