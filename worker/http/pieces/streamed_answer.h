#ifndef MUSTER_WORKER_HTTP_PIECES_STREAMED_ANSWER_H_
#define MUSTER_WORKER_HTTP_PIECES_STREAMED_ANSWER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "muster/worker/http/pieces/streamed_body.h"

namespace muster::worker::http {

// How the client finds the end of a body of unknown length.
enum class BodyFraming {
  kChunked,
  kUntilClose,  // HTTP/1.0
  kNone,        // there is no body: the head is all
};

// A response that is being sent while its handler writes it: takes the pieces, frames them, and
// counts what was sent of them. Makes no system calls. Belongs to the loop's thread.
class StreamedAnswer {
 public:
  // Its head is the end of the output, and nothing of that is sent: `head_bytes` of
  // `output_bytes`.
  StreamedAnswer(std::shared_ptr<StreamedBody> body, BodyFraming framing, int status,
                 std::uint64_t head_bytes, std::uint64_t output_bytes)
      : body_(std::move(body)),
        framing_(framing),
        status_(status),
        head_bytes_(head_bytes),
        before_bytes_(output_bytes),
        queued_bytes_(output_bytes),
        is_complete_(framing == BodyFraming::kNone) {}
  // The response is over, complete or not.
  ~StreamedAnswer() { body_->Cut(); }
  StreamedAnswer(const StreamedAnswer&) = delete;
  StreamedAnswer& operator=(const StreamedAnswer&) = delete;

  // Appends to `out` what was written, framed. Only when all before it is sent, or still in `out`.
  void TakePieces(std::string& out);
  // The handler has written the end, and it was taken.
  bool is_complete() const { return is_complete_; }
  bool is_aborted() const { return is_aborted_; }
  void Abort() { is_aborted_ = true; }
  bool TakeAbort() {
    is_aborted_ |= body_->is_aborted();
    return is_aborted_;
  }

  // So many bytes of the output were sent.
  void OnSent(std::uint64_t bytes);
  // All of it is. Tells the handler.
  void OnAllSent() { body_->TellWritable(); }
  void OnInputEnd() { body_->TellInputEnd(); }

  // Its client finds the end by the end of the connection.
  bool ends_with_connection() const { return framing_ == BodyFraming::kUntilClose; }

  int status() const { return status_; }
  std::uint64_t head_bytes() const { return head_bytes_; }
  // Of the body, with its framing, what the kernel has taken.
  std::uint64_t sent_body_bytes() const {
    return sent_bytes_ > before_bytes_ ? sent_bytes_ - before_bytes_ : 0;
  }

 private:
  const std::shared_ptr<StreamedBody> body_;
  const BodyFraming framing_;
  const int status_;
  const std::uint64_t head_bytes_;
  const std::uint64_t before_bytes_;  // of the output, up to the body
  std::uint64_t queued_bytes_;        // of the output, from its beginning until now
  std::uint64_t sent_bytes_ = 0;      // of these
  bool is_complete_;
  bool is_aborted_ = false;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_STREAMED_ANSWER_H_
