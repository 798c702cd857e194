#ifndef MUSTER_WORKER_HTTP_INPUT_REQUEST_READER_H_
#define MUSTER_WORKER_HTTP_INPUT_REQUEST_READER_H_

#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/http/input/connection_settings.h"
#include "muster/worker/http/input/partial_request.h"
#include "muster/worker/http/message/request_body.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {

// Finds the requests in the input of one client, one after the other. The input is what was kept
// from earlier turns, then new bytes. The reader lives for one turn of a connection; the rest of
// the input becomes a PartialRequest at its end. A request that arrives whole and has no body is
// not copied. Makes no system calls. Belongs to one thread.
class RequestReader {
 public:
  using RuleOfBody = absl::FunctionRef<BodyRule(const RequestHead&)>;

  // The references, the callable of `rule_of_body` and the bytes of `input` outlive the reader.
  // Nothing else uses `scratch` meanwhile. `kept`: null if nothing was kept.
  RequestReader(const ConnectionSettings& settings, RequestParser& scratch, RuleOfBody rule_of_body,
                std::unique_ptr<PartialRequest> kept, absl::string_view input, loop::TimePoint now)
      : settings_(settings),
        rule_of_body_(rule_of_body),
        parser_(&scratch),
        input_(input),
        now_(now),
        start_(now) {
    if (kept == nullptr) {
      parser_->Reset();
    } else {
      GoOn(std::move(kept));
    }
  }

  enum class Outcome {
    kRequest,          // a complete request: head(), body() and start()
    kIncomplete,       // the rest of the input is not a complete request
    kExpectsContinue,  // as kIncomplete, and the client waits for 100 (Continue)
    kBodyBegins,       // a request whose body is used in pieces: begun_head() and start()
    kBodyEnds,         // of such a one: body() is its last piece
    kRefused,          // not a request, or beyond a limit: status() and refused_bytes()
  };
  // May be called again after kRequest, kBodyBegins and kBodyEnds only.
  Outcome Next();

  // After kBodyBegins: valid until the next call of TakeRest, and until the body ends.
  const RequestHead& begun_head() const { return body_->head(); }
  // After kBodyBegins: PartialRequest::MayReadPast.
  bool MayReadPast() const { return body_->MayReadPast(); }

  // After kBodyBegins: PartialRequest::waits_for_continue and AskedForPieces.
  bool waits_for_continue() const { return body_->waits_for_continue(); }
  void AskedForPieces() { body_->AskedForPieces(); }

  // After kRequest: valid until the next call of Next or TakeRest.
  const RequestHead& head() const { return *head_; }
  // The body, or in pieces what has come of it since it was asked last.
  absl::string_view body() const {
    return body_ == nullptr ? "" : absl::string_view(body_->content());
  }
  // Whether more input follows the request.
  bool has_more() const { return !input_.empty(); }

  // When the first byte of the current request arrived.
  loop::TimePoint start() const { return start_; }
  // After kRefused: the status to answer with, and the bytes of the request, without its body.
  int status() const { return status_; }
  absl::string_view refused_bytes() const { return refused_bytes_; }

  bool is_in_pieces() const { return body_ != nullptr && body_->is_in_pieces(); }
  void DropPiece() { body_->DropContent(); }

  // Whether the body of the current request is incomplete.
  bool is_in_body() const { return body_ != nullptr && head_ == nullptr; }
  // The input that Next has not returned as a request; null if none is left. Must be the last call.
  // Must not be called after kRefused, nor before the first Next if is_in_body().
  std::unique_ptr<PartialRequest> TakeRest();

 private:
  void GoOn(std::unique_ptr<PartialRequest> kept);
  // Leaves the request that was returned, for the one behind it.
  void GoPast();
  Outcome BeginBody();
  Outcome BeginPieces(bool is_awaited);
  Outcome ReadBody();
  Outcome Refuse(int status, absl::string_view bytes);

  const ConnectionSettings& settings_;
  RuleOfBody rule_of_body_;
  RequestParser* parser_;                 // the scratch parser, or that of kept_
  std::unique_ptr<PartialRequest> kept_;  // not null: input_ points into it
  std::unique_ptr<PartialRequest> body_;  // the current request, if it has a body
  absl::string_view input_;               // not parsed yet
  const loop::TimePoint now_;
  loop::TimePoint start_;
  const RequestHead* head_ = nullptr;  // of the request that Next returned
  int status_ = 0;
  absl::string_view refused_bytes_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_INPUT_REQUEST_READER_H_
