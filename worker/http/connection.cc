#include "muster/worker/http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "muster/ipc/base/retry.h"
#include "muster/worker/http/input/request_reader.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/http/message/status_code.h"
#include "muster/worker/http/response/outbox.h"
#include "muster/worker/http/upgrade.h"

namespace muster::worker::http {
namespace {

// Of one connection, before others have their turn.
constexpr int kReadsPerTurn = 4;
// How long a client may take to notice that its connection is being closed. Without this wait what
// it is still sending would be answered by a reset, which can overtake the response.
constexpr std::chrono::seconds kLingerTime(5);

// What the configuration may say at most. More than this no worker has granted.
constexpr std::chrono::hours kLongestWait(24);

bool IsBlocked(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

void Connection::Serve(ConnectionShare& share, worker::Connection accepted) {
  const loop::TimePoint now = share.loop.now();
  const loop::TimePoint opened =
      accepted.accepted == loop::TimePoint() ? now : std::min(accepted.accepted, now);
  auto* connection = new Connection(share, std::move(accepted), /*requests=*/0, opened);
  if (!connection->Start()) delete connection;
}

void Connection::Resume(ConnectionShare& share, worker::Connection adopted,
                        const HandoffState& state) {
  RestoreOrigin(state.origin, adopted);
  const loop::TimePoint now = share.loop.now();
  // If it is not told, and never later than now.
  const auto told = [now](loop::TimePoint time) {
    return time == loop::TimePoint() ? now : std::min(time, now);
  };
  auto* connection =
      new Connection(share, std::move(adopted), state.requests, told(state.times.opened));
  share.BeginTurn();
  if (!state.unread.empty()) {
    share.parser.Reset();
    connection->partial_ = std::make_unique<PartialRequest>(state.unread, share.parser,
                                                            told(state.times.unread_since));
  }
  if (state.times.deadline != loop::TimePoint()) {
    // The client has no more time than it had.
    absl::string_view request = state.unread;
    SkipEmptyLines(request);
    connection->Enter(request.empty() || request == "\r" ? Phase::kIdle : Phase::kHead);
    connection->deadline_ = std::min(state.times.deadline, now + kLongestWait);
    connection->timer_.Set(connection->deadline_);
  }
  const bool goes_on =
      connection->Continue({}) && (connection->watched_events_ != 0 || connection->Settle());
  if (!goes_on) delete connection;
}

Connection::Connection(ConnectionShare& share, worker::Connection accepted, std::uint32_t requests,
                       loop::TimePoint opened)
    : Node(share.connections),
      share_(share),
      fd_(std::move(accepted.fd)),
      lease_(std::move(accepted.lease)),
      timer_(share.loop,
             [this] {
               if (!HandleTimeout()) delete this;
             }),
      answers_(share, std::move(accepted.origin), requests, opened) {
  GaugeOf(phase_, share_.stats).Add();
}

Connection::~Connection() {
  GaugeOf(phase_, share_.stats).Subtract();
  if (watched_events_ != 0) share_.loop.Remove(fd_.get(), this);
  if (fd_.valid()) answers_.BeforeClose(fd_.get());
}

// A client's first request is often here before its connection was accepted. One that is answered
// and closed at once never costs a call of epoll_ctl.
bool Connection::Start() {
  share_.BeginTurn();
  if (!Receive(false)) return false;
  return watched_events_ != 0 || Settle();
}

void Connection::OnEvents(std::uint32_t events) {
  share_.BeginTurn();
  if (!Advance(events)) delete this;
}

void Connection::OnDrain() {
  if (*share_.drain == Service::Idle::kHandOff) {
    if (!MayHandOff()) return;
    HandOff();
    delete this;
    return;
  }
  if (phase_ != Phase::kIdle) return;
  share_.BeginTurn();
  if (!Receive(false) || phase_ == Phase::kIdle) delete this;
}

// What has come of a request that is not answered.
absl::string_view Connection::unread() const {
  const PartialRequest* const partial = partial_.get();
  return partial == nullptr ? absl::string_view() : partial->bytes();
}

// Between two requests, or within the head of one that is not too long for a message; and if there
// is a worker for it.
bool Connection::MayHandOff() const {
  if (phase_ != Phase::kIdle && phase_ != Phase::kHead) return false;
  if (unread().size() > kMostUnreadBytes) return false;
  return share_.context.HasHandoffRoom();
}

// False, since HTTP is done with it.
bool Connection::Leave() {
  const std::shared_ptr<const Upgrade> upgrade = answers_.upgrade();
  std::string behind(unread());
  if (watched_events_ != 0) share_.loop.Remove(fd_.get(), this);
  watched_events_ = 0;
  worker::Connection connection;
  connection.fd = std::move(fd_);
  connection.origin = answers_.origin();
  connection.lease = std::move(lease_);
  upgrade->take(std::move(connection), std::move(behind));
  return false;
}

// What is left of this afterwards is to be deleted.
void Connection::HandOff() {
  HandoffTimes times = {.deadline = deadline_, .opened = answers_.opened()};
  if (partial_ != nullptr) times.unread_since = partial_->start();
  std::string state =
      SerializeHandoffState(answers_.requests(), unread(), times, SaveOrigin(answers_.origin()));
  // Explicitly: the socket stays open elsewhere, and with it its place in the epoll set.
  if (watched_events_ != 0) share_.loop.Remove(fd_.get(), this);
  watched_events_ = 0;
  worker::Connection connection;
  connection.fd = std::move(fd_);
  connection.lease = std::move(lease_);
  share_.context.HandOff(std::move(connection), std::move(state));
}

bool Connection::Advance(std::uint32_t events) {
  if (phase_ == Phase::kLingering) return Linger();
  if (answers_.is_sending()) {
    if (!Send()) return false;
    return answers_.is_sending() || Continue({});
  }
  if (answers_.is_awaiting()) {
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) return false;
    if (!ReadsPieces()) {
      if ((events & EPOLLRDHUP) != 0) answers_.OnInputEnd();
      return AwaitHandler();
    }
  }
  return Receive((events & EPOLLRDHUP) != 0);
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
    if (answers_.is_sending() || phase_ == Phase::kLingering) return true;
    if (answers_.is_awaiting() && !ReadsPieces()) return true;
    // Less than there was room for is all that there is, and nothing comes from a client that
    // has ended its side.
    if (bytes < ConnectionShare::kInputBytes) return !is_half_closed;
  }
  return true;
}

bool Connection::Continue(absl::string_view input) {
  while (true) {
    if (answers_.is_awaiting()) TakeFromHandler();
    const bool has_more = Process(input);
    if (!Send()) return false;
    if (answers_.is_sending()) return true;
    if (answers_.is_awaiting()) return AwaitHandler();
    if (answers_.upgrade() != nullptr) return Leave();
    if (answers_.is_closing()) return Close();
    if (!has_more) return Settle();
    input = absl::string_view();
  }
}

bool Connection::Process(absl::string_view input) {
  const auto rule_of_body = [this](const RequestHead& head) {
    return share_.responder.RuleOfBody(head);
  };
  RequestReader reader(share_.settings, share_.parser, rule_of_body, std::move(partial_), input,
                       share_.loop.now());
  // A body is read even while something is being sent: that may be the 100 (Continue) for it.
  while (reader.is_in_body() || answers_.MayAnswer()) {
    switch (reader.Next()) {
      case RequestReader::Outcome::kRequest:
        Enter(Phase::kSending);
        answers_.Answer(reader.head(), reader.body(), reader.start(),
                        FollowingOf(reader.has_more()));
        if (answers_.is_awaiting()) {
          answers_.awaited().SetOnResponse([this] { OnResponse(); });
          answers_.EndBody();
        }
        if (!reader.has_more()) return false;
        break;
      case RequestReader::Outcome::kBodyBegins: {
        Enter(Phase::kSending);
        AnswerQueue::Following following = FollowingOf(reader.has_more());
        following.leaves_body = !reader.MayReadPast();
        following.has_more_input = true;  // its body at least
        following.waits_for_continue = reader.waits_for_continue();
        answers_.Answer(reader.begun_head(), {}, reader.start(), following);
        if (answers_.has_asked_for_body()) reader.AskedForPieces();
        if (answers_.is_awaiting()) answers_.awaited().SetOnResponse([this] { OnResponse(); });
        break;
      }
      case RequestReader::Outcome::kBodyEnds:
        GivePiece(reader);
        if (answers_.is_awaiting()) answers_.EndBody();
        if (!reader.has_more()) return false;
        break;
      case RequestReader::Outcome::kExpectsContinue:
        Enter(Phase::kSending);  // what asks may have to wait, and is part of the connection then
        answers_.AskForBody();
        [[fallthrough]];
      case RequestReader::Outcome::kIncomplete:
        if (reader.is_in_pieces()) GivePiece(reader);
        partial_ = reader.TakeRest();
        if (MustAskForPieces()) {
          partial_->AskedForPieces();
          answers_.AskForBody();
        }
        return false;
      case RequestReader::Outcome::kRefused:
        if (reader.is_in_pieces() && !MayRefusePieces()) return false;
        Refuse(reader.status(), reader.refused_bytes(), reader.start());
        return false;
    }
  }
  if (answers_.is_closing()) return false;
  partial_ = reader.TakeRest();
  return partial_ != nullptr;
}

void Connection::Refuse(int status, absl::string_view bytes, loop::TimePoint start) {
  Enter(Phase::kSending);
  answers_.Refuse(status, bytes, start);
}

// In a drain the answer that closes is the one to the last request that the client has sent.
AnswerQueue::Following Connection::FollowingOf(bool has_more_input) const {
  return {.has_more_input = has_more_input,
          .is_last = share_.drain == Service::Idle::kClose && !has_more_input && !HasUnreadInput()};
}

bool Connection::HasUnreadInput() const {
  char byte;
  return ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool Connection::Send() {
  switch (answers_.Send(fd_.get())) {
    case Outbox::Outcome::kSent:
      return true;
    case Outbox::Outcome::kWaiting:
      timer_.SetAfter(share_.settings.send_timeout);
      StopBodyClock();
      return Watch(EPOLLOUT);
    case Outbox::Outcome::kFailed:
      break;
  }
  return false;
}

// The client has no part in the time until it is waited for again.
void Connection::StopBodyClock() {
  PartialRequest* const partial = partial_.get();
  if (partial != nullptr && partial->is_in_body()) partial->StopClock(share_.loop.now());
}

// Waits for the client, as what is here of its request allows.
bool Connection::Settle() {
  const ConnectionSettings& settings = share_.settings;
  if (partial_ == nullptr || !partial_->has_begun()) {
    // Empty lines may come before a request, and buy no time.
    Await(Phase::kIdle, answers_.requests() == 0 ? answers_.opened() + settings.header_timeout
                                                 : share_.loop.now() + settings.keepalive_timeout);
  } else if (partial_->is_in_body()) {
    Enter(Phase::kBody);
    partial_->StartClock(share_.loop.now());
    timer_.Set(partial_->BodyDeadline(settings));
  } else {
    // For the whole of it: a byte now and then buys no time.
    Await(Phase::kHead, share_.loop.now() + settings.header_timeout);
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

void Connection::Await(Phase phase, loop::TimePoint deadline) {
  if (phase == phase_ && timer_.is_armed()) return;
  Enter(phase);
  deadline_ = deadline;
  timer_.Set(deadline_);
}

bool Connection::Close() {
  if (!answers_.must_linger()) return false;
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
  share_.BeginTurn();
  if (phase_ == Phase::kIdle || phase_ == Phase::kHead) {
    // What has come in time may be unread: the worker was busy, or the connection on its way to it.
    const Phase before = phase_;
    const std::uint32_t requests = answers_.requests();
    if (!Receive(false)) return false;
    if (phase_ != before || answers_.requests() != requests) return true;
  }
  if (phase_ == Phase::kSending && answers_.is_awaiting() && !answers_.is_sending()) {
    // For the body that a handler takes.
    if (!ReadsPieces()) return AwaitHandler();
    if (!MayRefusePieces()) return Send();
  } else if (phase_ != Phase::kHead && phase_ != Phase::kBody) {
    return false;
  }
  // Its request was answered.
  if (phase_ == Phase::kBody && partial_->is_in_pieces()) return false;
  Refuse(kRequestTimeout, partial_->bytes(), partial_->start());
  partial_.reset();
  if (!Send()) return false;
  return answers_.is_sending() || Close();
}

void Connection::Enter(Phase phase) {
  if (phase == phase_) return;
  GaugeOf(phase_, share_.stats).Subtract();
  GaugeOf(phase, share_.stats).Add();
  phase_ = phase;
}

}  // namespace muster::worker::http
