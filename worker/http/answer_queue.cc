#include "muster/worker/http/answer_queue.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/match.h"
#include "muster/loop/clock.h"
#include "muster/worker/http/message/status_code.h"
#include "muster/worker/http/response/response.h"
#include "muster/worker/http/response/response_style.h"

namespace muster::worker::http {
namespace {

// Of the line of a refused request, for the log.
constexpr std::size_t kMaxRefusedLineBytes = 512;

}  // namespace

AnswerQueue::Awaiting::~Awaiting() {
  response->Leave();
  share.request.End(ticket);
}

AnswerQueue::~AnswerQueue() {
  if (is_streaming() && share_.access_log != nullptr) {
    const StreamedAnswer& stream = *awaiting_->stream;
    share_.request_id = awaiting_->request_id;
    Log(awaiting_->request.head(), awaiting_->request_start, stream.status(), stream.head_bytes(),
        stream.sent_body_bytes(), /*is_complete=*/false);
  }
  DropAwaited();
  LogTransfer(/*is_complete=*/false);
}

void AnswerQueue::DropAwaited() {
  if (!is_awaiting()) return;
  // The end of what awaits it would end the body in silence.
  const std::shared_ptr<BodySource> body = awaited().request_body();
  if (body != nullptr) body->Close(/*must_know=*/true);
  awaiting_.reset();
}

void AnswerQueue::AddToBody(absl::string_view piece) const {
  const std::shared_ptr<BodySource>& body = awaited().request_body();
  if (body != nullptr) body->Add(piece);
}

void AnswerQueue::EndBody() const {
  const std::shared_ptr<BodySource>& body = awaited().request_body();
  if (body != nullptr) body->Complete();
}

bool AnswerQueue::is_body_paused() const {
  if (!is_awaiting()) return false;
  const std::shared_ptr<BodySource>& body = awaited().request_body();
  return body != nullptr && body->is_paused();
}

Persistence AnswerQueue::PersistenceAfter(const RequestHead& head, Following following) const {
  const ConnectionSettings& settings = share_.settings;
  const bool keeps =
      head.keep_alive() && settings.keepalive_timeout.count() > 0 && !following.is_last &&
      (settings.keepalive_requests == 0 || requests_ < settings.keepalive_requests) &&
      (settings.keepalive_time.count() == 0 ||
       share_.loop.now() - opened_ < settings.keepalive_time);
  if (!keeps) return Persistence::kClose;
  return Persistence(head.is_http_1_0() ? Persistence::kExplicitKeepAlive : Persistence::kKeepAlive,
                     settings.announced_keepalive);
}

inline void AnswerQueue::Finish(const RequestHead& head, loop::TimePoint start,
                                Persistence persistence, Following following, http::Answer& answer,
                                std::size_t output_start) {
  upgrade_ = answer.upgrade;
  if (persistence == Persistence::kClose && upgrade_ == nullptr) {
    is_closing_ = true;
    must_linger_ = head.keep_alive() || following.has_more_input || following.leaves_body;
  }
  // There is no counter for 1xx, and an upgrade has succeeded.
  share_.stats.CountResponse(upgrade_ != nullptr ? kOk : answer.status);
  share_.unmeasured.push_back(start);
  if (answer.transfer != nullptr || share_.access_log != nullptr) {
    TakeTransferOrLog(head, start, answer, output_start);
  }
}

void AnswerQueue::Answer(const RequestHead& head, absl::string_view body, loop::TimePoint start,
                         Following following) {
  share_.stats.requests.Add();
  ++requests_;
  Persistence persistence =
      following.leaves_body ? Persistence(Persistence::kClose) : PersistenceAfter(head, following);
  const std::size_t output_start = share_.output.size();
  if (share_.request_ids != nullptr) share_.request_id = share_.request_ids->IdOf(head);
  const std::uint64_t ticket = ShowRequest(head, start);
  http::Answer answer = share_.responder.Respond(head, persistence, share_.date, share_.output,
                                                 body, origin_, share_.request_id);
  if (answer.awaited != nullptr) {
    share_.request.Wait(ticket);
    awaiting_ = std::make_unique<Awaiting>(share_, std::move(answer.awaited), head, start, ticket,
                                           share_.request_id);
    if (awaited().response().has_value()) BeginStream(following);
    return;
  }
  share_.request.End(ticket);
  Finish(head, start, persistence, following, answer, output_start);
}

inline std::uint64_t AnswerQueue::ShowRequest(const RequestHead& head, loop::TimePoint start) {
  const absl::string_view target = head.target();
  const PeerAddress& peer = origin_.address;
  return share_.request.Begin(
      start, {.family = peer.family(), .port = peer.port(), .address = peer.bytes()},
      head.method_text(), target.substr(0, target.find('?')), share_.request_id);
}

void AnswerQueue::FinishAwaited(Following following) {
  if (awaited().streamed_body() != nullptr) return BeginStream(following);
  const std::unique_ptr<Awaiting> awaiting = std::move(awaiting_);
  const RequestHead& head = awaiting->request.head();
  const AwaitedResponse& awaited = *awaiting->response;
  share_.request_id = awaiting->request_id;
  const Persistence persistence =
      following.leaves_body ? Persistence(Persistence::kClose) : PersistenceAfter(head, following);
  const std::size_t output_start = share_.output.size();
  http::Answer answer =
      AppendResponse(share_.output, *awaited.response(), awaited.style(), persistence,
                     share_.date.http_date(), head.method() != Method::kHead);
  Finish(head, awaiting->request_start, persistence, following, answer, output_start);
}

void AnswerQueue::BeginStream(Following following) {
  const RequestHead& head = awaiting_->request.head();
  const Response& response = *awaited().response();
  BodyFraming framing = head.is_http_1_0() ? BodyFraming::kUntilClose : BodyFraming::kChunked;
  if (head.method() == Method::kHead || !HasBody(response.status)) framing = BodyFraming::kNone;
  const bool closes = framing == BodyFraming::kUntilClose ||
                      (framing == BodyFraming::kNone && following.leaves_body);
  const Persistence persistence =
      closes ? Persistence(Persistence::kClose) : PersistenceAfter(head, following);
  if (following.waits_for_continue && framing != BodyFraming::kNone &&
      awaited().request_body() != nullptr) {
    AskForBody();
    awaiting_->has_asked_for_body = true;
  }
  const std::size_t output_start = share_.output.size();
  AppendStreamedHead(share_.output, response, awaited().style(), persistence,
                     share_.date.http_date(), !head.is_http_1_0(),
                     awaited().streamed_body()->trailer_names());
  if (!awaiting_->request_id.empty()) {
    InsertRequestId(share_.output, output_start, awaiting_->request_id);
  }
  if (persistence == Persistence::kClose) {
    is_closing_ = true;
    must_linger_ = head.keep_alive() || following.has_more_input;
  }
  share_.stats.CountResponse(response.status);
  awaiting_->stream =
      std::make_unique<StreamedAnswer>(awaited().streamed_body(), framing, response.status,
                                       share_.output.size() - output_start, share_.output.size());
  awaiting_->stream->TakePieces(share_.output);
  if (is_stream_complete() && following.leaves_body) CloseAfterStream();
  if (awaiting_->is_input_ended) awaiting_->stream->OnInputEnd();
}

bool AnswerQueue::TakePieces() {
  awaiting_->stream->TakePieces(share_.output);
  return awaiting_->stream->is_complete();
}

void AnswerQueue::OnInputEnd() {
  awaiting_->is_input_ended = true;
  if (is_streaming()) awaiting_->stream->OnInputEnd();
}

void AnswerQueue::TakeTransferOrLog(const RequestHead& head, loop::TimePoint start,
                                    http::Answer& answer, std::size_t output_start) {
  if (!share_.request_id.empty()) {
    InsertRequestId(share_.output, output_start, share_.request_id);
  }
  const std::uint64_t head_bytes = share_.output.size() - output_start - answer.body_bytes;
  const bool is_whole = answer.transfer == nullptr;
  if (!is_whole) {
    outgoing_ = std::make_unique<Outgoing>();
    outgoing_->outbox.SetTransfer(std::move(answer.transfer));
  }
  if (share_.access_log == nullptr) return;
  if (is_whole) {
    Log(head, start, answer.status, head_bytes, answer.body_bytes);
  } else {
    outgoing_->unlogged.emplace(head, start, answer.status, head_bytes, share_.request_id);
  }
}

void AnswerQueue::Refuse(int status, absl::string_view bytes, loop::TimePoint start) {
  if (is_awaiting()) {
    // It was counted, and got its id, when its handler was called.
    share_.request_id = awaiting_->request_id;
    DropAwaited();
  } else {
    share_.stats.requests.Add();
    ++requests_;
    if (share_.request_ids != nullptr) share_.request_id = share_.request_ids->Make();
  }
  share_.stats.CountResponse(status);
  share_.unmeasured.push_back(start);
  is_closing_ = must_linger_ = true;
  const std::size_t output_start = share_.output.size();
  // Whatever is wrong with the rest of it. Its client takes what comes behind the head for another
  // response.
  const bool is_head = absl::StartsWith(bytes, "HEAD ");
  const std::size_t body_bytes = share_.responder.style().AppendError(
      share_.output, status, Persistence::kClose, share_.date.http_date(), /*has_body=*/!is_head);
  if (share_.access_log == nullptr) return;
  if (!share_.request_id.empty()) {
    InsertRequestId(share_.output, output_start, share_.request_id);
  }
  AccessRecord record = RecordOf(start, status);
  record.request_line =
      bytes.substr(0, std::min(bytes.find_first_of("\r\n"), kMaxRefusedLineBytes));
  record.body_bytes = body_bytes;
  record.head_bytes = share_.output.size() - output_start - body_bytes;
  share_.access_log->Write(record);
}

void AnswerQueue::AskForBody() { share_.output.append("HTTP/1.1 100 Continue\r\n\r\n"); }

Outbox::Outcome AnswerQueue::SendStream(int socket) {
  StreamedAnswer& stream = *awaiting_->stream;
  if (stream.is_aborted()) {
    // What this turn has put there is nobody's now; the next connection's turn begins without it.
    share_.output.clear();
    share_.unmeasured.clear();
    return Outbox::Outcome::kFailed;
  }
  std::uint64_t sent_bytes = 0;
  const Outbox::Outcome outcome = SendOutput(socket, sent_bytes);
  stream.OnSent(sent_bytes);
  if (outcome != Outbox::Outcome::kSent) return outcome;
  if (stream.is_complete()) {
    FinishStream();
  } else {
    stream.OnAllSent();
  }
  return outcome;
}

void AnswerQueue::BeforeClose(int socket) const {
  if (!is_streaming()) return;
  const StreamedAnswer& stream = *awaiting_->stream;
  if (!stream.is_aborted() && !stream.ends_with_connection()) return;
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
}

void AnswerQueue::FinishStream() {
  const std::unique_ptr<Awaiting> awaiting = std::move(awaiting_);
  const StreamedAnswer& stream = *awaiting->stream;
  if (share_.access_log != nullptr) {
    share_.request_id = awaiting->request_id;
    Log(awaiting->request.head(), awaiting->request_start, stream.status(), stream.head_bytes(),
        stream.sent_body_bytes());
  }
  share_.latency.Record(loop::Clock::now() - awaiting->request_start);
}

Outbox::Outcome AnswerQueue::SendOutput(int socket, std::uint64_t& sent_bytes) {
  if (!is_sending()) {
    absl::string_view rest = share_.output;
    const bool is_open = rest.empty() || SendSome(socket, rest);
    sent_bytes = share_.output.size() - rest.size();
    share_.stats.bytes_sent.Add(sent_bytes);
    if (is_open && !rest.empty()) {
      outgoing_ = std::make_unique<Outgoing>();
      outgoing_->outbox.Append(rest);
      outgoing_->unmeasured.swap(share_.unmeasured);
    } else if (is_open) {
      Measure(share_.unmeasured);
    }
    share_.output.clear();
    share_.unmeasured.clear();
    if (!is_open) return Outbox::Outcome::kFailed;
    return is_sending() ? Outbox::Outcome::kWaiting : Outbox::Outcome::kSent;
  }
  outgoing_->outbox.Append(share_.output);
  share_.output.clear();
  outgoing_->unmeasured.insert(outgoing_->unmeasured.end(), share_.unmeasured.begin(),
                               share_.unmeasured.end());
  share_.unmeasured.clear();
  const Outbox::Outcome outcome = outgoing_->outbox.Send(socket);
  sent_bytes = outgoing_->outbox.TakeSentBytes();
  share_.stats.bytes_sent.Add(sent_bytes);
  if (outcome == Outbox::Outcome::kSent) {
    LogTransfer(/*is_complete=*/true);
    Measure(outgoing_->unmeasured);
    outgoing_.reset();
  }
  return outcome;
}

void AnswerQueue::Measure(const std::vector<loop::TimePoint>& starts) const {
  if (starts.empty()) return;
  // The loop's time is that of the round, in which most requests are answered.
  const loop::TimePoint now = loop::Clock::now();
  for (const loop::TimePoint start : starts) share_.latency.Record(now - start);
}

void AnswerQueue::LogTransfer(bool is_complete) {
  if (!is_sending() || !outgoing_->unlogged.has_value()) return;
  const Unlogged& unlogged = *outgoing_->unlogged;
  share_.request_id = unlogged.request_id;
  Log(unlogged.request.head(), unlogged.request_start, unlogged.status, unlogged.head_bytes,
      outgoing_->outbox.transfer()->sent_bytes(), is_complete);
}

void AnswerQueue::Log(const RequestHead& head, loop::TimePoint start, int status,
                      std::uint64_t head_bytes, std::uint64_t body_bytes, bool is_complete) const {
  AccessRecord record = RecordOf(start, status);
  record.request_line = head.line();
  record.head = &head;
  record.head_bytes = head_bytes;
  record.body_bytes = body_bytes;
  record.is_complete = is_complete;
  share_.access_log->Write(record);
}

AccessRecord AnswerQueue::RecordOf(loop::TimePoint start, int status) const {
  return {.peer = origin_.address,
          .date = share_.date,
          .request_line = {},
          .head = nullptr,
          .status = status,
          .request_id = share_.request_id,
          .body_bytes = 0,
          .head_bytes = 0,
          .connection_requests = requests_,
          .request_time =
              std::chrono::duration_cast<std::chrono::milliseconds>(share_.loop.now() - start)};
}

}  // namespace muster::worker::http
