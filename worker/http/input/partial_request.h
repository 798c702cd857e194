#ifndef MUSTER_WORKER_HTTP_INPUT_PARTIAL_REQUEST_H_
#define MUSTER_WORKER_HTTP_INPUT_PARTIAL_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/http/input/connection_settings.h"
#include "muster/worker/http/message/request_body.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {

// The input of one client that is kept from one read to the next: an incomplete request, or
// complete ones that cannot be answered yet. Before BeginBody the first request is in its head;
// afterwards it is in its body. RequestReader creates it and continues with it. Belongs to one
// thread.
class PartialRequest {
 public:
  // Copies `bytes`. `parser` has seen all of them, or none. `start`: when the first one arrived.
  PartialRequest(absl::string_view bytes, const RequestParser& parser, loop::TimePoint start);
  // Not movable: the parser's head points into bytes_.
  PartialRequest(const PartialRequest&) = delete;
  PartialRequest& operator=(const PartialRequest&) = delete;

  // From the first byte of the request. In the body: only the bytes of the head.
  absl::string_view bytes() const { return bytes_; }
  RequestParser& parser() { return parser_; }
  const RequestHead& head() { return parser_.head(); }

  // The access log counts the request's time from here.
  loop::TimePoint start() const { return start_; }
  void set_start(loop::TimePoint start) { start_ = start; }

  // Whether a byte of the request has come. Not if there is only half of an empty line before it.
  bool has_begun() const { return is_in_body_ || parser_.has_begun(); }

  // In the head: appends `input` and returns all bytes.
  absl::string_view Append(absl::string_view input);
  // In the head: drops all bytes before `rest`, which is the end of bytes().
  void KeepOnly(absl::string_view rest);

  // bytes() is a complete head, and the parser has parsed it. The request's body follows. Its
  // content is kept unless it is dropped.
  void BeginBody(BodyRule rule, loop::TimePoint now);
  bool is_in_body() const { return is_in_body_; }
  // In the body: removes the bytes of the body from the front of `input`.
  RequestBody::Outcome ReadBody(absl::string_view& input, loop::TimePoint now);
  const std::string& content() const { return content_; }
  // In pieces: the content until now was used.
  void DropContent() { std::string().swap(content_); }
  bool is_in_pieces() const { return is_in_pieces_; }

  // The handler of the request is called now, and takes its body in pieces. `waits_for_continue`:
  // the client waits for 100 (Continue) before it sends that.
  void BeginPieces(bool waits_for_continue);
  // The client still waits, and has sent nothing of its body.
  bool waits_for_continue() const { return waits_for_continue_ && body_.received_bytes() == 0; }
  void AskedForPieces() { waits_for_continue_ = false; }
  // In pieces: whether what is left of the body is read past, if its request is answered before it
  // has come. Otherwise the connection ends: the rest is longer than kMostPassedBytes, or of
  // unknown length, or the client may never send it.
  bool MayReadPast() const;
  static constexpr std::uint64_t kMostPassedBytes = 64 * 1024;

  // In the body: nothing is read from the client from now on, and the time does not count as its
  // own; until StartClock. Called again, they do nothing.
  void StopClock(loop::TimePoint now);
  void StartClock(loop::TimePoint now);
  // When the client is too slow with its body (body_deadline.h), while the clock is not stopped.
  // Only what the body says counts: sizes of chunks, extensions and trailers buy no time.
  loop::TimePoint BodyDeadline(const ConnectionSettings& settings) const;

 private:
  std::string bytes_;
  RequestParser parser_;
  RequestBody body_;
  loop::TimePoint start_;
  loop::TimePoint body_start_;
  loop::TimePoint last_bytes_;  // when the last bytes of the body came
  bool is_in_body_ = false;
  bool is_in_pieces_ = false;
  bool waits_for_continue_ = false;
  BodyRule rule_;
  std::optional<loop::TimePoint> stopped_;
  std::string content_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_INPUT_PARTIAL_REQUEST_H_
