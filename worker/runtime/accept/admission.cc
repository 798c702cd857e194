#include "muster/worker/runtime/accept/admission.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"

namespace muster::worker {
namespace {

// A header is nearly always shorter, and what the client sends behind it need not be copied.
constexpr std::size_t kFirstPeekBytes = 1024;

}  // namespace

// A connection whose header is not complete.
class Admission::Waiting : public loop::Handler {
 public:
  Waiting(Admission& admission, Connection connection, std::shared_ptr<const ListenerTerms> terms)
      : admission_(admission),
        connection_(std::move(connection)),
        terms_(std::move(terms)),
        timeout_(admission.around_.loop, [this] { admission_.Look(*this, End::kLate); }) {
    timeout_.Set(connection_.accepted + terms_->header_timeout());
  }
  ~Waiting() override {
    if (is_watched_) admission_.around_.loop.Remove(connection_.fd.get(), this);
  }

  // Edge-triggered: what has come stays in the socket, and is no news.
  bool Watch() {
    is_watched_ =
        admission_.around_.loop
            .Add(connection_.fd.get(), EPOLLIN | EPOLLRDHUP | std::uint32_t{EPOLLET}, this)
            .ok();
    return is_watched_;
  }

  void OnEvents(std::uint32_t events) override {
    const bool is_over = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    admission_.Look(*this, is_over ? End::kPeerLeft : End::kNone);
  }

  const ListenerTerms& terms() const { return *terms_; }
  const Connection& connection() const { return connection_; }
  // Nothing watches it any more.
  Connection Take() {
    if (std::exchange(is_watched_, false)) {
      admission_.around_.loop.Remove(connection_.fd.get(), this);
    }
    timeout_.Cancel();
    return std::move(connection_);
  }

 private:
  Admission& admission_;
  Connection connection_;
  const std::shared_ptr<const ListenerTerms> terms_;
  loop::Timer timeout_;
  bool is_watched_ = false;
};

Admission::Admission(const Surroundings& surroundings)
    : around_(surroundings), refusals_(surroundings.log, surroundings.status) {}

Admission::~Admission() = default;

void Admission::TakeFresh(Connection connection, const std::string& state) {
  const absl::StatusOr<FreshTerms> fresh = FreshTerms::Parse(state);
  if (!fresh.ok()) {
    around_.log.Write(
        config::v1::Log::ERROR,
        absl::StrCat("a connection that was given is closed: ", fresh.status().message()));
    return;
  }
  const loop::TimePoint now = around_.loop.now();
  connection.is_fresh = false;
  connection.accepted = std::min(fresh->accepted.value_or(now), now);
  Take(std::move(connection), fresh->terms);
}

void Admission::Examine(Connection connection, const std::shared_ptr<const ListenerTerms>& terms) {
  switch (terms->BeginningOf(connection.origin.address)) {
    case ListenerTerms::Beginning::kDirect:
      return PassIfFew(std::move(connection), *terms);
    case ListenerTerms::Beginning::kNothing:
      return Refuse(Refusals::Kind::kNoProxy, connection, *terms);
    case ListenerTerms::Beginning::kHeader:
      break;
  }
  const Verdict verdict = Judge(connection.fd.get(), End::kNone);
  if (verdict.kind == Verdict::Kind::kWait) return Wait(std::move(connection), terms);
  Execute(verdict, std::move(connection), *terms);
}

void Admission::PassIfFew(Connection connection, const ListenerTerms& terms) {
  const ClientCounts* const clients = around_.connections.clients();
  if (terms.most_per_client() != 0 && clients != nullptr &&
      clients->CountOf(connection.origin) >= terms.most_per_client()) {
    return Refuse(Refusals::Kind::kTooMany, connection, terms);
  }
  Pass(std::move(connection));
}

ProxyHeader Admission::PeekHeader(int socket, bool* is_open, bool* has_begun) {
  if (peeked_ == nullptr) peeked_.reset(new char[kMostProxyHeaderBytes]);
  for (const std::size_t most : {kFirstPeekBytes, kMostProxyHeaderBytes}) {
    const ssize_t size = ipc::RetryOnEintr(
        [&] { return ::recv(socket, peeked_.get(), most, MSG_PEEK | MSG_DONTWAIT); });
    *is_open = size > 0 || (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
    *has_begun = size > 0;
    if (size <= 0) return {};
    const auto bytes = static_cast<std::size_t>(size);
    const ProxyHeader header = ParseProxyHeader(absl::string_view(peeked_.get(), bytes));
    if (header.state != ProxyHeader::State::kIncomplete || bytes < most) return header;
  }
  return {};
}

Admission::Verdict Admission::Judge(int socket, End end) {
  bool is_open = true;
  bool has_begun = false;
  const ProxyHeader header = PeekHeader(socket, &is_open, &has_begun);
  switch (header.state) {
    case ProxyHeader::State::kComplete:
      return {.kind = Verdict::Kind::kPass, .header = header};
    case ProxyHeader::State::kInvalid:
      return {.kind = Verdict::Kind::kRefuse, .detail = header.problem};
    case ProxyHeader::State::kIncomplete:
      break;
  }
  // Who only looks whether the port is open has done nothing wrong.
  if (!is_open || is_finished_ || (end == End::kPeerLeft && !has_begun)) {
    return {.kind = Verdict::Kind::kClose};
  }
  switch (end) {
    case End::kPeerLeft:
      return {.kind = Verdict::Kind::kRefuse, .detail = "was cut by the end of the connection"};
    case End::kLate:
      return {.kind = Verdict::Kind::kRefuse, .why = Refusals::Kind::kLate};
    case End::kNone:
      break;
  }
  return {};
}

void Admission::Execute(const Verdict& verdict, Connection connection, const ListenerTerms& terms) {
  switch (verdict.kind) {
    case Verdict::Kind::kWait:
    case Verdict::Kind::kClose:
      return;
    case Verdict::Kind::kRefuse:
      return Refuse(verdict.why, connection, terms, verdict.detail);
    case Verdict::Kind::kPass:
      break;
  }
  // All of it is there. Not a byte more: the rest is the service's.
  const std::size_t size = verdict.header.size_bytes;
  const ssize_t read = ipc::RetryOnEintr(
      [&] { return ::recv(connection.fd.get(), peeked_.get(), size, MSG_DONTWAIT); });
  if (read != static_cast<ssize_t>(size)) return;
  if (verdict.header.source.has_value()) {
    connection.origin.address = *verdict.header.source;
    connection.origin.is_proxied = true;
  }
  PassIfFew(std::move(connection), terms);
}

void Admission::Wait(Connection connection, const std::shared_ptr<const ListenerTerms>& terms) {
  auto made = std::make_unique<Waiting>(*this, std::move(connection), terms);
  Waiting& waiting = *made;
  if (waiting.Watch()) waiting_.emplace(&waiting, std::move(made));
}

void Admission::Look(Waiting& waiting, End end) {
  const Verdict verdict = Judge(waiting.connection().fd.get(), end);
  if (verdict.kind == Verdict::Kind::kWait) return;
  const std::unique_ptr<Waiting> extracted = Extract(waiting);
  Execute(verdict, extracted->Take(), extracted->terms());
}

std::unique_ptr<Admission::Waiting> Admission::Extract(Waiting& waiting) {
  const auto found = waiting_.find(&waiting);
  std::unique_ptr<Waiting> extracted = std::move(found->second);
  waiting_.erase(found);
  return extracted;
}

void Admission::GiveAway(const Successors& successors) {
  while (!waiting_.empty() && successors.have_room()) {
    const std::unique_ptr<Waiting> extracted = Extract(*waiting_.begin()->first);
    Connection connection = extracted->Take();
    std::string state = extracted->terms().Save(connection.accepted);
    successors.take(std::move(connection), std::move(state));
  }
}

void Admission::Finish() {
  is_finished_ = true;
  std::vector<Waiting*> all;
  for (const auto& [waiting, owned] : waiting_) all.push_back(waiting);
  // None of them stays. What one of them has the service do takes no other from here.
  for (Waiting* const waiting : all) Look(*waiting, End::kNone);
}

void Admission::Refuse(Refusals::Kind kind, const Connection& connection,
                       const ListenerTerms& terms, absl::string_view detail) {
  refusals_.Note(kind, terms, connection.origin.address, detail, around_.loop.now());
}

}  // namespace muster::worker
