#ifndef MUSTER_WORKER_HTTP_ANSWER_QUEUE_H_
#define MUSTER_WORKER_HTTP_ANSWER_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/http/connection_share.h"
#include "muster/worker/http/log/log_line.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/stored_request_head.h"
#include "muster/worker/http/pieces/streamed_answer.h"
#include "muster/worker/http/reply.h"
#include "muster/worker/http/response/answer.h"
#include "muster/worker/http/response/outbox.h"
#include "muster/worker/http/response/response_head.h"
#include "muster/worker/origin/origin.h"

namespace muster::worker::http {

// The responses of one connection, from the request to the socket, in the order of the requests. It
// decides which response closes the connection, counts each, and writes its line to the access log.
// It shows the request that is answered in the zone (worker/zone/request_at_hand.h): from Answer
// until that returns, or until a handler has answered, unless another connection's request takes
// its place.
//
// It measures how long each request took: from the loop's round that brought the first byte until
// the last byte of the response was given to the kernel. The first is the loop's time, the last is
// read from the clock, once for all responses that one call of Send completes. A request is not
// measured if its client leaves before that.
//
// A response that its handler writes in pieces is logged and measured at its end, or logged when
// the client leaves before.
//
// Responses are put together in the share's output. Each turn of the connection ends with Send,
// which empties that and keeps what the socket did not take. Belongs to one thread.
class AnswerQueue {
 public:
  // `share` outlives the queue. `origin`: the client's. `requests`: how many other workers have
  // answered on the connection. `opened`: when the client connected.
  AnswerQueue(ConnectionShare& share, Origin origin, std::uint32_t requests, loop::TimePoint opened)
      : share_(share), requests_(requests), origin_(std::move(origin)), opened_(opened) {}
  ~AnswerQueue();
  AnswerQueue(const AnswerQueue&) = delete;
  AnswerQueue& operator=(const AnswerQueue&) = delete;

  // Whether another request may be answered now. Not while a handler owes a response, while one is
  // being sent or has a file, after one that closes, nor when 64 KiB of them wait to be sent.
  bool MayAnswer() const {
    return !is_closing_ && upgrade_ == nullptr && !is_sending() && !is_awaiting() &&
           share_.output.size() < kMaxOutputBytes;
  }

  // What follows the request that is answered.
  struct Following {
    bool has_more_input = false;  // bytes behind it were received, or are on their way
    bool is_last = false;         // no later request will be answered: this response closes
    // Its body is not complete, and what is left is too much to read past. A response in pieces
    // does not close for that: at its end the body may be complete.
    bool leaves_body = false;
    bool waits_for_continue = false;  // the client sends its body after 100 (Continue) only
  };
  // Answers a complete request, or lets its handler answer later. `start`: when the first byte of
  // the request arrived.
  void Answer(const RequestHead& head, absl::string_view body, loop::TimePoint start,
              Following following);
  // Answers with an error and closes. `bytes`: what was received of the request. If a request is
  // awaiting, it is that one, whose body has failed: its handler will not answer any more.
  void Refuse(int status, absl::string_view bytes, loop::TimePoint start);
  // Tells the client to send the body of its request: 100 (Continue).
  void AskForBody();

  // A handler has not answered yet, or writes its response in pieces and has not ended it.
  bool is_awaiting() const { return awaiting_ != nullptr; }
  AwaitedResponse& awaited() const { return *awaiting_->response; }
  // The handler has answered: puts its response together, or begins one in pieces.
  void FinishAwaited(Following following);

  // Of the body of the awaiting request, if its handler takes that as it comes.
  void AddToBody(absl::string_view piece) const;
  void EndBody() const;
  bool is_body_paused() const;

  // A response in pieces was begun.
  bool is_streaming() const { return awaiting_ != nullptr && awaiting_->stream != nullptr; }
  // Its beginning has asked the client for the body that this holds back: after a final status it
  // could not be asked. Only if the handler takes the body.
  bool has_asked_for_body() const { return is_streaming() && awaiting_->has_asked_for_body; }
  // Frames what was written of it. True: this was its end. Not while is_sending().
  bool TakePieces();
  // It cannot be completed: the next Send fails, and the connection ends with a reset.
  void AbortStream() { awaiting_->stream->Abort(); }
  // Whether the handler has aborted it.
  bool TakesAbort() const { return is_streaming() && awaiting_->stream->TakeAbort(); }
  // Its end was taken, but not all of it is sent.
  bool is_stream_complete() const { return is_streaming() && awaiting_->stream->is_complete(); }
  // The client has ended its side.
  void OnInputEnd();
  // The connection closes after the response in pieces, though its head did not say so.
  void CloseAfterStream() { is_closing_ = must_linger_ = true; }

  // Sends as much as the non-blocking `socket` takes. kSent: all of it. kWaiting: the rest is kept
  // for the next call.
  Outbox::Outcome Send(int socket) {
    if (is_streaming()) return SendStream(socket);
    std::uint64_t sent_bytes = 0;
    return SendOutput(socket, sent_bytes);
  }
  // The connection closes for good. Of a response in pieces that is aborted, or whose end the
  // client would take for that of its body, the close becomes a reset.
  void BeforeClose(int socket) const;
  // The socket has not taken everything.
  bool is_sending() const { return outgoing_ != nullptr; }

  // No more requests are answered. The connection closes once everything is sent.
  bool is_closing() const { return is_closing_; }
  // Not null: the connection leaves HTTP once everything is sent.
  const std::shared_ptr<const Upgrade>& upgrade() const { return upgrade_; }
  // The client may be sending: wait until it closes too.
  bool must_linger() const { return must_linger_; }
  // How many requests were answered, by this worker and by others.
  std::uint32_t requests() const { return requests_; }
  loop::TimePoint opened() const { return opened_; }
  const Origin& origin() const { return origin_; }

 private:
  // Responses to pipelined requests are gathered up to here.
  static constexpr std::size_t kMaxOutputBytes = 64 * 1024;

  // A request that its handler has not answered, or not to the end.
  struct Awaiting {
    Awaiting(ConnectionShare& connection_share, std::shared_ptr<AwaitedResponse> awaited,
             const RequestHead& head, loop::TimePoint start, std::uint64_t request_ticket,
             std::string id)
        : share(connection_share),
          response(std::move(awaited)),
          request(head),
          request_start(start),
          ticket(request_ticket),
          request_id(std::move(id)) {}
    ~Awaiting();

    ConnectionShare& share;
    const std::shared_ptr<AwaitedResponse> response;
    const StoredRequestHead request;
    const loop::TimePoint request_start;
    const std::uint64_t ticket;  // of the RequestWriter
    const std::string request_id;
    std::unique_ptr<StreamedAnswer> stream;  // null: no response in pieces was begun
    bool is_input_ended = false;
    bool has_asked_for_body = false;
  };

  // A response with a file. It is logged when the file is sent, or the client has left.
  struct Unlogged {
    Unlogged(const RequestHead& head, loop::TimePoint start, int answer_status, std::uint64_t bytes,
             std::string id)
        : request(head),
          request_start(start),
          status(answer_status),
          head_bytes(bytes),
          request_id(std::move(id)) {}

    StoredRequestHead request;
    loop::TimePoint request_start;
    int status;
    std::uint64_t head_bytes;
    std::string request_id;
  };

  // What the socket has not taken.
  struct Outgoing {
    Outbox outbox;
    std::optional<Unlogged> unlogged;
    std::vector<loop::TimePoint> unmeasured;  // when the requests of its responses began
  };

  Persistence PersistenceAfter(const RequestHead& head, Following following) const;
  Outbox::Outcome SendOutput(int socket, std::uint64_t& sent_bytes);
  Outbox::Outcome SendStream(int socket);
  void DropAwaited();
  void BeginStream(Following following);
  void FinishStream();
  // Of `answer`, which begins at `output_start` of the output: counts it, sees whether it closes,
  // and keeps its transfer until that is sent, or logs it now.
  void Finish(const RequestHead& head, loop::TimePoint start, Persistence persistence,
              Following following, http::Answer& answer, std::size_t output_start);
  void TakeTransferOrLog(const RequestHead& head, loop::TimePoint start, http::Answer& answer,
                         std::size_t output_start);
  void Log(const RequestHead& head, loop::TimePoint start, int status, std::uint64_t head_bytes,
           std::uint64_t body_bytes, bool is_complete = true) const;
  void LogTransfer(bool is_complete);
  std::uint64_t ShowRequest(const RequestHead& head, loop::TimePoint start);
  // Of requests whose responses the kernel has now.
  void Measure(const std::vector<loop::TimePoint>& starts) const;
  // What the log needs of any response; nothing of the request.
  AccessRecord RecordOf(loop::TimePoint start, int status) const;

  ConnectionShare& share_;
  std::unique_ptr<Outgoing> outgoing_;
  std::unique_ptr<Awaiting> awaiting_;
  std::uint32_t requests_;
  Origin origin_;
  loop::TimePoint opened_;
  std::shared_ptr<const Upgrade> upgrade_;
  bool is_closing_ = false;
  bool must_linger_ = false;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_ANSWER_QUEUE_H_
