#include "muster/worker/runtime/accept/acceptor.h"

#include <sys/epoll.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/loop/handler.h"
#include "muster/proto/field_error.h"
#include "muster/worker/runtime/bounded_duration.h"

namespace muster::worker {
namespace {

// In one turn with the mutex or one sweep, so that connections which are there already get theirs.
constexpr int kMostPerRound = 16;
constexpr auto kPause = std::chrono::milliseconds(500);
constexpr auto kTellEvery = std::chrono::minutes(1);

absl::StatusOr<std::shared_ptr<const ListenerTerms>> TermsOf(const InheritedListener& listener,
                                                             const config::v1::Config& config) {
  if (listener.place == 0) return ListenerTerms::None();
  if (listener.place > static_cast<std::uint32_t>(config.listen_size())) {
    return absl::InvalidArgumentError(absl::StrCat("LISTENERS: ", listener.address, " has place ",
                                                   listener.place, ", but the configuration has ",
                                                   config.listen_size()));
  }
  const int at = static_cast<int>(listener.place) - 1;
  auto terms = ListenerTerms::From(config.listen(at));
  if (terms.ok()) return terms;
  const std::string field = absl::StrCat("listen[", at, "]");
  return config::AtField(ipc::Annotate(terms.status(), field), field);
}

}  // namespace

// A listener in the worker's own epoll set.
class Acceptor::Source : public loop::Handler {
 public:
  Source(Acceptor& acceptor, const ListeningSocket& listener)
      : acceptor_(acceptor), listener_(listener) {}
  ~Source() override { Unwatch(); }

  absl::Status Watch() {
    const std::uint32_t exclusive =
        acceptor_.policy_ == config::v1::EXCLUSIVE ? std::uint32_t{EPOLLEXCLUSIVE} : 0;
    MUSTER_RETURN_IF_ERROR(acceptor_.around_.loop.Add(listener_.fd(), EPOLLIN | exclusive, this));
    is_watching_ = true;
    accepted_ = 0;
    return absl::OkStatus();
  }

  void Unwatch() {
    if (!is_watching_) return;
    is_watching_ = false;
    acceptor_.around_.loop.Remove(listener_.fd(), this);
  }

  void OnEvents(std::uint32_t) override {
    // One at a time: the next one is for whoever else was woken, and no call is made only to
    // find out that nobody waits any more.
    accepted_ += acceptor_.Accept(listener_, 1);
    acceptor_.HandOver();
    // The kernel wakes the waiter that came first to the listener's queue. Who has had
    // his share goes to the end of it.
    if (acceptor_.policy_ == config::v1::EXCLUSIVE && is_watching_ && accepted_ >= kShare) {
      Unwatch();
      if (!Watch().ok()) acceptor_.Pause(listener_);
    }
  }

 private:
  static constexpr int kShare = 16;

  Acceptor& acceptor_;
  const ListeningSocket& listener_;
  bool is_watching_ = false;
  int accepted_ = 0;  // since it was put into the set
};

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Create(const Surroundings& surroundings,
                                                           const config::v1::Config& config,
                                                           std::vector<InheritedListener> listeners,
                                                           std::optional<AcceptTurns> turns) {
  std::vector<ListeningSocket> sockets;
  sockets.reserve(listeners.size());
  for (InheritedListener& listener : listeners) {
    MUSTER_ASSIGN_OR_RETURN(std::shared_ptr<const ListenerTerms> terms, TermsOf(listener, config));
    sockets.emplace_back(std::move(listener), std::move(terms));
  }
  return std::unique_ptr<Acceptor>(
      new Acceptor(surroundings, config, std::move(sockets), std::move(turns)));
}

Acceptor::Acceptor(const Surroundings& surroundings, const config::v1::Config& config,
                   std::vector<ListeningSocket> listeners, std::optional<AcceptTurns> turns)
    : around_(surroundings),
      policy_(config.accept()),
      worker_connections_(config.worker_connections()),
      accept_delay_(BoundedDuration(config.accept_delay())),
      turns_(std::move(turns)),
      listeners_(std::move(listeners)),
      resume_(surroundings.loop, [this] { Resume(); }) {}

Acceptor::~Acceptor() = default;

absl::Status Acceptor::CheckListeners() {
  std::vector<std::string> deaf;
  for (const ListeningSocket& listener : listeners_) {
    if (!listener.listens()) deaf.push_back(listener.address());
  }
  if (deaf.empty()) return absl::OkStatus();
  std::erase_if(listeners_, [](const ListeningSocket& listener) { return !listener.listens(); });
  return absl::FailedPreconditionError(absl::StrCat(
      "nothing is accepted on ", absl::StrJoin(deaf, ", "), ": the socket does not listen"));
}

absl::Status Acceptor::Start() {
  MUSTER_CHECK(state_ == State::kNotStarted, "an acceptor starts once");
  const absl::Status checked = CheckListeners();
  if (policy_ == config::v1::MUTEX) {
    AcceptMutex::Callbacks callbacks;
    callbacks.accept = [this](const ListeningSocket& listener) { Accept(listener, kMostPerRound); };
    callbacks.work = [this] {
      HandOver();
      SkipIfBusy();
    };
    MUSTER_ASSIGN_OR_RETURN(accept_mutex_,
                            AcceptMutex::Create(around_.loop, listeners_, *std::move(turns_),
                                                accept_delay_, std::move(callbacks)));
  } else {
    for (const ListeningSocket& listener : listeners_) {
      sources_.push_back(std::make_unique<Source>(*this, listener));
    }
  }
  Resume();
  return checked;
}

absl::Status Acceptor::WatchAll() {
  if (accept_mutex_ != nullptr) accept_mutex_->SetOpen(true);
  for (const auto& source : sources_) MUSTER_RETURN_IF_ERROR(source->Watch());
  return absl::OkStatus();
}

void Acceptor::UnwatchAll() {
  if (accept_mutex_ != nullptr) accept_mutex_->SetOpen(false);
  for (const auto& source : sources_) source->Unwatch();
}

void Acceptor::Suspend(State state) {
  state_ = state;
  UnwatchAll();
}

void Acceptor::Resume() {
  if (state_ == State::kStopped) return;
  if (WatchAll().ok()) {
    state_ = State::kAccepting;
  } else {
    Suspend(State::kPaused);
    resume_.SetAfter(kPause);
  }
}

void Acceptor::Pause(const ListeningSocket& listener) {
  const int error = errno;
  const loop::TimePoint now = around_.loop.now();
  if (!told_at_.has_value() || now - *told_at_ >= kTellEvery) {
    around_.log.Write(config::v1::Log::WARN,
                      absl::StrCat("accept on ", listener.address(), ": ", std::strerror(error),
                                   "; accepts no more until it can"));
    told_at_ = now;
  }
  if (state_ == State::kStopped) return;
  Suspend(State::kPaused);
  resume_.SetAfter(kPause);
}

int Acceptor::Accept(const ListeningSocket& listener, int most) {
  for (int count = 0; count < most; ++count) {
    if (is_full()) {
      if (state_ == State::kAccepting) Suspend(State::kFull);
      return count;
    }
    Connection connection;
    switch (listener.Accept(&connection)) {
      case ListeningSocket::Outcome::kAccepted:
        around_.stats.accepted.Add();
        connection.lease = around_.connections.Take();
        connection.accepted = around_.loop.now();
        accepted_.push_back({std::move(connection), &listener.terms()});
        break;
      case ListeningSocket::Outcome::kNothing:
        return count;
      case ListeningSocket::Outcome::kNoDescriptor:
      case ListeningSocket::Outcome::kFailed:
        Pause(listener);
        return count;
    }
  }
  return most;
}

void Acceptor::HandOver() {
  for (Accepted& accepted : accepted_) {
    around_.admission.Take(std::move(accepted.connection), *accepted.terms);
  }
  accepted_.clear();
}

void Acceptor::SkipIfBusy() {
  const std::uint32_t held = around_.connections.held();
  const std::uint32_t free = worker_connections_ > held ? worker_connections_ - held : 0;
  if (free < worker_connections_ / 8) accept_mutex_->Skip(worker_connections_ / 8 - free);
}

void Acceptor::Sweep() {
  if (policy_ != config::v1::EXCLUSIVE || state_ != State::kAccepting) return;
  for (const ListeningSocket& listener : listeners_) {
    Accept(listener, kMostPerRound);
    HandOver();
  }
}

void Acceptor::Stop(const std::optional<Admission::Successors>& successors) {
  if (state_ == State::kStopped) return;
  const bool has_started = state_ != State::kNotStarted;
  Suspend(State::kStopped);
  resume_.Cancel();
  accept_mutex_.reset();
  sources_.clear();
  if (successors.has_value() && has_started && policy_ == config::v1::EXCLUSIVE) {
    for (const ListeningSocket& listener : listeners_) {
      while (successors->have_room() && Accept(listener, 1) == 1) {
        Connection& connection = accepted_.back().connection;
        std::string state = listener.terms()->Save(connection.accepted);
        successors->take(std::move(connection), std::move(state));
        accepted_.pop_back();
      }
    }
  }
  listeners_.clear();
}

}  // namespace muster::worker
