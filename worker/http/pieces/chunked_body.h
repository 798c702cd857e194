#ifndef MUSTER_WORKER_HTTP_PIECES_CHUNKED_BODY_H_
#define MUSTER_WORKER_HTTP_PIECES_CHUNKED_BODY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/http/pieces/trailers.h"

namespace muster::worker::http {

// Writes a body in the chunked coding (RFC 9112, 7.1): one call for each chunk, then the last one.

// Appends a chunk. Nothing, if `bytes` is empty: an empty chunk would end the body.
void AppendChunk(std::string& out, absl::string_view bytes);

// Appends the end of the body. Each of `trailers` has passed CheckTrailer.
void AppendLastChunk(std::string& out, const Trailers& trailers);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_CHUNKED_BODY_H_
