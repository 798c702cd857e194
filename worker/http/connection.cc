#include "muster/worker/http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "muster/ipc/base/retry.h"
#include "muster/worker/http/message/status_code.h"
#include "muster/worker/http/response/response_style.h"

namespace muster::worker::http {
namespace {

// Answers to pipelined requests are gathered up to here.
constexpr std::size_t kMaxOutputBytes = 64 * 1024;
// Of one connection, before others have their turn.
constexpr int kReadsPerTurn = 4;
// How long a client may take to notice that its connection is being closed. Without this wait what
// it is still sending would be answered by a reset, which can overtake the response.
constexpr std::chrono::seconds kLingerTime(5);
// Of the line of a refused request, for the log.
constexpr std::size_t kMaxRefusedLineBytes = 512;

// Nobody waits for a body as long; and clocks can count it.
constexpr std::uint64_t kNoLimitSeconds = 1'000'000'000;

// Of a serialised v1::HttpConnection, beside the unread bytes.
constexpr std::size_t kOtherStateBytes = 64;

constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDHUP;

bool IsBlocked(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

void Connection::Serve(ConnectionShare& share, worker::Connection accepted) {
  auto* connection = new Connection(share, std::move(accepted));
  if (!connection->Start()) delete connection;
}

Connection::Connection(ConnectionShare& share, worker::Connection accepted)
    : share_(share),
      next_(share.first),
      fd_(std::move(accepted.fd)),
      lease_(std::move(accepted.lease)),
      timer_(share.loop,
             [this] {
               if (!HandleTimeout()) delete this;
             }),
      peer_(accepted.peer) {
  if (next_ != nullptr) next_->previous_ = this;
  share_.first = this;
  share_.stats.waiting.Add();
}

Connection::~Connection() {
  if (awaiting_ != nullptr) awaiting_->response->SetOnResponse(nullptr);
  LogTransfer();
  Enter(Phase::kIdle);
  share_.stats.waiting.Subtract();
  (previous_ != nullptr ? previous_->next_ : share_.first) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (watched_events_ != 0) share_.loop.Remove(fd_.get(), this);
}

// A client's first request is often here before its connection was accepted. One that is answered
// and closed at once never costs a call of epoll_ctl.
bool Connection::Start() {
  share_.date.Update(share_.loop.now());
  if (!Receive(false)) return false;
  return watched_events_ != 0 || Settle();
}

void Connection::OnEvents(std::uint32_t events) {
  share_.date.Update(share_.loop.now());
  if (!Advance(events)) delete this;
}

void Connection::Resume(ConnectionShare& share, worker::Connection adopted,
                        const v1::HttpConnection& state) {
  auto* connection = new Connection(share, std::move(adopted));
  connection->requests_ = state.requests();
  share.date.Update(share.loop.now());
  const bool goes_on = connection->Continue(state.unread()) &&
                       (connection->watched_events_ != 0 || connection->Settle());
  if (!goes_on) delete connection;
}

void Connection::OnDrain() {
  if (*share_.drain == Service::Idle::kHandOff) {
    if (!MayHandOff()) return;
    HandOff();
    delete this;
    return;
  }
  if (phase_ != Phase::kIdle) return;
  share_.date.Update(share_.loop.now());
  if (!Receive(false) || phase_ == Phase::kIdle) delete this;
}

// Between two requests, or within the head of one that is not too long for a message.
bool Connection::MayHandOff() const {
  if (phase_ != Phase::kIdle && phase_ != Phase::kHead) return false;
  return unfinished_ == nullptr ||
         unfinished_->bytes.size() <= kMostHandoffStateBytes - kOtherStateBytes;
}

// What is left of this afterwards is to be deleted.
void Connection::HandOff() {
  v1::HttpConnection state;
  state.set_requests(requests_);
  if (unfinished_ != nullptr) state.set_unread(unfinished_->bytes);
  // Explicitly: the socket stays open elsewhere, and with it its place in the epoll set.
  if (watched_events_ != 0) share_.loop.Remove(fd_.get(), this);
  watched_events_ = 0;
  worker::Connection connection;
  connection.fd = std::move(fd_);
  connection.lease = std::move(lease_);
  share_.context.HandOff(std::move(connection), state.SerializeAsString());
}

bool Connection::Advance(std::uint32_t events) {
  if (phase_ == Phase::kLingering) return Linger();
  if (outgoing_ == nullptr && awaiting_ != nullptr) return (events & (EPOLLHUP | EPOLLERR)) == 0;
  if (outgoing_ == nullptr) return Receive((events & EPOLLRDHUP) != 0);
  if (!Send()) return false;
  return outgoing_ != nullptr || Continue({});
}

bool Connection::Receive(bool is_half_closed) {
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    const ssize_t received = ipc::RetryOnEintr(
        [this] { return ::recv(fd_.get(), share_.input.get(), ConnectionShare::kInputBytes, 0); });
    if (received < 0) return IsBlocked(errno);
    if (received == 0) return false;
    const auto bytes = static_cast<std::size_t>(received);
    share_.stats.bytes_received.Add(bytes);
    if (!Continue(absl::string_view(share_.input.get(), bytes))) return false;
    if (outgoing_ != nullptr || awaiting_ != nullptr || phase_ == Phase::kLingering) return true;
    // Less than there was room for is all that there is, and nothing comes from a client that
    // has ended its side.
    if (bytes < ConnectionShare::kInputBytes) return !is_half_closed;
  }
  return true;
}

bool Connection::Continue(absl::string_view input) {
  while (true) {
    if (awaiting_ != nullptr && awaiting_->response->response().has_value()) FinishAwaited();
    const bool has_more = Process(input);
    if (!Send()) return false;
    if (outgoing_ != nullptr) return true;
    if (awaiting_ != nullptr) {
      timer_.Cancel();
      // Of its end only, told once: half an end is no reason to leave.
      return Watch(EPOLLRDHUP | EPOLLET);
    }
    if (must_close_) return Close();
    if (!has_more) return Settle();
    input = absl::string_view();
  }
}

bool Connection::MayAnswer() const {
  return !must_close_ && outgoing_ == nullptr && awaiting_ == nullptr &&
         share_.output.size() < kMaxOutputBytes;
}

bool Connection::Process(absl::string_view input) {
  std::unique_ptr<Unfinished> kept = std::move(unfinished_);
  if (kept == nullptr) request_start_ = share_.loop.now();
  if (kept != nullptr && kept->is_in_body && !FinishBody(kept, input)) return false;
  RequestParser* parser = &share_.parser;
  if (kept != nullptr) {
    parser = &kept->parser;
    kept->bytes.append(input.data(), input.size());
    input = kept->bytes;
  } else {
    parser->Reset();
  }
  while (MayAnswer()) {
    if (!parser->has_begun()) SkipEmptyLines(input);
    if (input.empty()) return false;
    const RequestParser::Outcome outcome = parser->Parse(input, share_.settings.limits);
    if (outcome == RequestParser::Outcome::kIncomplete) {
      Keep(input, *parser, std::move(kept));
      return false;
    }
    if (outcome == RequestParser::Outcome::kRefused) {
      Refuse(parser->status(), input);
      return false;
    }
    absl::string_view rest = input.substr(parser->head_bytes());
    if (parser->head().has_body()) {
      auto in_body = std::make_unique<Unfinished>();
      in_body->bytes.assign(input.data(), parser->head_bytes());
      in_body->parser = *parser;
      in_body->parser.head().Rebase(in_body->bytes.data());
      in_body->body = RequestBody(parser->head());
      in_body->body_start = share_.loop.now();
      in_body->is_in_body = true;
      in_body->wants_body = share_.responder.WantsBody(in_body->parser.head());
      const bool is_awaited = rest.empty() && parser->head().expects_continue();
      if (!FinishBody(in_body, rest)) {
        if (is_awaited && !must_close_) share_.output.append("HTTP/1.1 100 Continue\r\n\r\n");
        return false;
      }
    } else {
      Answer(parser->head(), {}, !rest.empty());
    }
    input = rest;
    parser->Reset();
  }
  if (must_close_ || input.empty()) return false;
  Keep(input, *parser, std::move(kept));
  return true;
}

bool Connection::FinishBody(std::unique_ptr<Unfinished>& kept, absl::string_view& input) {
  switch (kept->body.Read(input, share_.settings.max_body_bytes,
                          kept->wants_body ? &kept->content : nullptr)) {
    case RequestBody::Outcome::kIncomplete:
      unfinished_ = std::move(kept);
      return false;
    case RequestBody::Outcome::kMalformed:
      Refuse(kBadRequest, kept->bytes);
      return false;
    case RequestBody::Outcome::kTooLarge:
      Refuse(kContentTooLarge, kept->bytes);
      return false;
    case RequestBody::Outcome::kComplete:
      break;
  }
  Answer(kept->parser.head(), kept->content, !input.empty());
  kept.reset();
  return true;
}

void Connection::Keep(absl::string_view input, const RequestParser& parser,
                      std::unique_ptr<Unfinished> kept) {
  if (kept != nullptr) {
    // They stand in kept->bytes, and the parser is kept->parser.
    kept->bytes.erase(0, static_cast<std::size_t>(input.data() - kept->bytes.data()));
    unfinished_ = std::move(kept);
    return;
  }
  unfinished_ = std::make_unique<Unfinished>();
  unfinished_->bytes.assign(input.data(), input.size());
  unfinished_->parser = parser;
}

Persistence Connection::Decide(bool keep_alive, bool is_http_1_0, bool has_more_input) const {
  const ConnectionSettings& settings = share_.settings;
  // In a drain the answer that closes is the one to the last request that the client has sent.
  const bool keeps =
      keep_alive && settings.keepalive_timeout.count() > 0 &&
      (settings.keepalive_requests == 0 || requests_ < settings.keepalive_requests) &&
      (share_.drain != Service::Idle::kClose || has_more_input || HasUnreadInput());
  if (!keeps) return Persistence::kClose;
  return is_http_1_0 ? Persistence::kExplicitKeepAlive : Persistence::kKeepAlive;
}

void Connection::Answer(const RequestHead& head, absl::string_view body, bool has_more_input) {
  Enter(Phase::kSending);
  share_.stats.requests.Add();
  ++requests_;
  Persistence persistence = Decide(head.keep_alive(), head.is_http_1_0(), has_more_input);
  const std::size_t output_start = share_.output.size();
  http::Answer answer =
      share_.responder.Respond(head, persistence, share_.date, share_.output, body);
  if (answer.awaited != nullptr) return Await(head, std::move(answer.awaited));
  if (persistence == Persistence::kClose) {
    must_close_ = true;
    must_linger_ = head.keep_alive() || has_more_input;
  }
  share_.stats.CountResponse(answer.status);
  if (answer.transfer != nullptr) {
    outgoing_ = std::make_unique<Outgoing>();
    outgoing_->outbox.SetTransfer(std::move(answer.transfer));
    outgoing_->status = answer.status;
    if (share_.access_log != nullptr) {
      outgoing_->head_bytes = share_.output.size() - output_start;
      outgoing_->request_start = request_start_;
      outgoing_->request = head;
      outgoing_->request.MoveTo(outgoing_->request_bytes);
    }
  } else if (share_.access_log != nullptr) {
    AccessRecord record = RecordOf(answer.status, request_start_);
    record.request_line = head.line();
    record.head = &head;
    record.body_bytes = answer.body_bytes;
    record.head_bytes = share_.output.size() - output_start - answer.body_bytes;
    share_.access_log->Write(record);
  }
  request_start_ = share_.loop.now();  // of one that came with this one
}

void Connection::Await(const RequestHead& head, std::shared_ptr<AwaitedResponse> response) {
  awaiting_ = std::make_unique<Awaiting>();
  awaiting_->response = std::move(response);
  awaiting_->response->SetOnResponse([this] { OnResponse(); });
  awaiting_->request_start = request_start_;
  awaiting_->request = head;
  awaiting_->request.MoveTo(awaiting_->request_bytes);
}

// In a round of its own.
void Connection::OnResponse() {
  // What goes before it is sent first.
  if (outgoing_ != nullptr) return;
  share_.date.Update(share_.loop.now());
  if (!Continue({})) delete this;
}

void Connection::FinishAwaited() {
  const std::unique_ptr<Awaiting> awaited = std::move(awaiting_);
  const RequestHead& head = awaited->request;
  const bool has_more_input = unfinished_ != nullptr;
  const Persistence persistence = Decide(head.keep_alive(), head.is_http_1_0(), has_more_input);
  const std::size_t output_start = share_.output.size();
  const http::Answer answer =
      AppendResponse(share_.output, *awaited->response->response(), awaited->response->style(),
                     persistence, share_.date.http_date(), head.method() != Method::kHead);
  if (persistence == Persistence::kClose) {
    must_close_ = true;
    must_linger_ = head.keep_alive() || has_more_input;
  }
  share_.stats.CountResponse(answer.status);
  if (share_.access_log != nullptr) {
    AccessRecord record = RecordOf(answer.status, awaited->request_start);
    record.request_line = head.line();
    record.head = &head;
    record.body_bytes = answer.body_bytes;
    record.head_bytes = share_.output.size() - output_start - answer.body_bytes;
    share_.access_log->Write(record);
  }
  request_start_ = share_.loop.now();  // of one that came with this one
}

void Connection::Refuse(int status, absl::string_view input) {
  Enter(Phase::kSending);
  share_.stats.requests.Add();
  share_.stats.CountResponse(status);
  must_close_ = must_linger_ = true;
  const std::size_t output_start = share_.output.size();
  const std::size_t bytes = share_.responder.style().AppendError(
      share_.output, status, Persistence::kClose, share_.date.http_date(), /*has_body=*/true);
  if (share_.access_log == nullptr) return;
  const absl::string_view line =
      input.substr(0, std::min(input.find_first_of("\r\n"), kMaxRefusedLineBytes));
  AccessRecord record = RecordOf(status, request_start_);
  record.request_line = line;
  record.body_bytes = bytes;
  record.head_bytes = share_.output.size() - output_start - bytes;
  record.connection_requests = requests_ + 1;
  share_.access_log->Write(record);
}

bool Connection::HasUnreadInput() const {
  char byte;
  return ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool Connection::Send() {
  if (outgoing_ == nullptr) {
    absl::string_view rest = share_.output;
    const bool is_open = rest.empty() || SendSome(fd_.get(), rest);
    share_.stats.bytes_sent.Add(share_.output.size() - rest.size());
    if (is_open && !rest.empty()) {
      outgoing_ = std::make_unique<Outgoing>();
      outgoing_->outbox.Append(rest);
    }
    share_.output.clear();
    if (outgoing_ == nullptr) return is_open;
  } else {
    outgoing_->outbox.Append(share_.output);
    share_.output.clear();
    const Outbox::Outcome outcome = outgoing_->outbox.Send(fd_.get());
    share_.stats.bytes_sent.Add(outgoing_->outbox.TakeSentBytes());
    if (outcome == Outbox::Outcome::kFailed) return false;
    if (outcome == Outbox::Outcome::kSent) {
      LogTransfer();
      outgoing_.reset();
      return true;
    }
  }
  timer_.SetAfter(share_.settings.send_timeout);
  return Watch(EPOLLOUT);
}

AccessRecord Connection::RecordOf(int status, loop::TimePoint request_start) const {
  return {.peer = peer_,
          .date = share_.date,
          .request_line = {},
          .head = nullptr,
          .status = status,
          .body_bytes = 0,
          .head_bytes = 0,
          .connection_requests = requests_,
          .request_time = std::chrono::duration_cast<std::chrono::milliseconds>(share_.loop.now() -
                                                                                request_start)};
}

void Connection::LogTransfer() {
  if (share_.access_log == nullptr || outgoing_ == nullptr) return;
  const FileTransfer* transfer = outgoing_->outbox.transfer();
  if (transfer == nullptr) return;
  AccessRecord record = RecordOf(outgoing_->status, outgoing_->request_start);
  record.request_line = outgoing_->request.line();
  record.head = &outgoing_->request;
  record.body_bytes = transfer->sent_bytes();
  record.head_bytes = outgoing_->head_bytes;
  share_.access_log->Write(record);
}

// Waits for the client, as what is here of its request allows.
bool Connection::Settle() {
  const ConnectionSettings& settings = share_.settings;
  if (unfinished_ == nullptr) {
    Enter(Phase::kIdle);
    timer_.SetAfter(requests_ == 0 ? settings.header_timeout : settings.keepalive_timeout);
  } else if (unfinished_->is_in_body) {
    Enter(Phase::kBody);
    timer_.Set(BodyDeadline());
  } else if (phase_ != Phase::kHead) {
    // For the whole of it: a byte now and then buys no time.
    Enter(Phase::kHead);
    timer_.SetAfter(settings.header_timeout);
  }
  if (share_.drain == Service::Idle::kHandOff && MayHandOff()) {
    HandOff();
    return false;
  }
  // Nobody will serve the client's next request, unless it is here already.
  if (share_.drain == Service::Idle::kClose && phase_ == Phase::kIdle && !HasUnreadInput()) {
    return false;
  }
  return Watch(kReadable);
}

// By the pause since its last bytes, and by the pace since its first: a byte now and then buys the
// time of that byte.
loop::TimePoint Connection::BodyDeadline() const {
  const ConnectionSettings& settings = share_.settings;
  const loop::TimePoint by_pause = share_.loop.now() + settings.body_timeout;
  if (settings.min_body_bytes_per_second == 0) return by_pause;
  const std::uint64_t earned_seconds =
      unfinished_->body.received_bytes() / settings.min_body_bytes_per_second;
  if (earned_seconds > kNoLimitSeconds) return by_pause;
  return std::min(by_pause, unfinished_->body_start + settings.body_timeout +
                                std::chrono::seconds(earned_seconds));
}

bool Connection::Close() {
  if (!must_linger_) return false;
  Enter(Phase::kLingering);
  ::shutdown(fd_.get(), SHUT_WR);
  timer_.SetAfter(kLingerTime);
  return Linger() && Watch(kReadable);
}

bool Connection::Linger() {
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    const ssize_t received = ipc::RetryOnEintr(
        [this] { return ::recv(fd_.get(), share_.input.get(), ConnectionShare::kInputBytes, 0); });
    if (received < 0) return IsBlocked(errno);
    if (received == 0) return false;
    share_.stats.bytes_received.Add(static_cast<std::uint64_t>(received));
  }
  return true;
}

bool Connection::Watch(std::uint32_t events) {
  if (events == watched_events_) return true;
  const absl::Status status = watched_events_ == 0 ? share_.loop.Add(fd_.get(), events, this)
                                                   : share_.loop.Modify(fd_.get(), events, this);
  if (!status.ok()) return false;
  watched_events_ = events;
  return true;
}

bool Connection::HandleTimeout() {
  if (phase_ != Phase::kHead && phase_ != Phase::kBody) return false;
  share_.date.Update(share_.loop.now());
  Refuse(kRequestTimeout, unfinished_->bytes);
  unfinished_.reset();
  if (!Send()) return false;
  return outgoing_ != nullptr || Close();
}

void Connection::Enter(Phase phase) {
  const auto gauge = [this](Phase p) -> ipc::Gauge& {
    switch (p) {
      case Phase::kHead:
      case Phase::kBody:
        return share_.stats.reading;
      case Phase::kSending:
        return share_.stats.writing;
      case Phase::kIdle:
      case Phase::kLingering:
        break;
    }
    return share_.stats.waiting;
  };
  if (phase == phase_) return;
  gauge(phase_).Subtract();
  gauge(phase).Add();
  phase_ = phase;
}

}  // namespace muster::worker::http
