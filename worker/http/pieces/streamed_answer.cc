#include "muster/worker/http/pieces/streamed_answer.h"

#include <cstddef>

#include "muster/worker/http/pieces/chunked_body.h"

namespace muster::worker::http {

void StreamedAnswer::TakePieces(std::string& out) {
  if (is_complete_) return;
  StreamedBody::Pieces pieces = body_->Take();
  is_aborted_ = pieces.is_aborted;
  if (is_aborted_) return;
  const std::size_t start = out.size();
  if (framing_ == BodyFraming::kChunked) {
    AppendChunk(out, pieces.bytes);
    if (pieces.is_end) AppendLastChunk(out, pieces.trailers);
  } else {
    out.append(pieces.bytes);
  }
  is_complete_ = pieces.is_end;
  queued_bytes_ += out.size() - start;
}

void StreamedAnswer::OnSent(std::uint64_t bytes) {
  sent_bytes_ += bytes;
  // What frames the pieces, and the head, is part of what waits.
  body_->SetTakenUnsent(queued_bytes_ - sent_bytes_);
}

}  // namespace muster::worker::http
