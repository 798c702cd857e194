#ifndef MUSTER_WORKER_HTTP_REQUEST_READER_H_
#define MUSTER_WORKER_HTTP_REQUEST_READER_H_

#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/http/connection_settings.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/http/partial_request.h"

namespace muster::worker::http {

// Finds the requests in the input of one client, one after the other. The input is what was kept
// from earlier turns, then new bytes. The reader lives for one turn of a connection; the rest of
// the input becomes a PartialRequest at its end. A request that arrives whole and has no body is
// not copied. Makes no system calls. Belongs to one thread.
class RequestReader {
 public:
  // Whether a request's body will be used. If not, the body is read and dropped.
  using WantsBody = absl::FunctionRef<bool(const RequestHead&)>;

  // The references, the callable of `wants_body` and the bytes of `input` outlive the reader.
  // Nothing else uses `scratch` meanwhile. `kept`: null if nothing was kept.
  RequestReader(const ConnectionSettings& settings, RequestParser& scratch, WantsBody wants_body,
                std::unique_ptr<PartialRequest> kept, absl::string_view input, loop::TimePoint now)
      : settings_(settings),
        wants_body_(wants_body),
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
    kRefused,          // not a request, or beyond a limit: status() and refused_bytes()
  };
  // May be called again after kRequest only.
  Outcome Next();

  // Valid until the next call of Next or TakeRest.
  const RequestHead& head() const { return *head_; }
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
  Outcome ReadBody();
  Outcome Refuse(int status, absl::string_view bytes);

  const ConnectionSettings& settings_;
  WantsBody wants_body_;
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

#endif  // MUSTER_WORKER_HTTP_REQUEST_READER_H_
