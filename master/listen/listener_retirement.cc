#include "muster/master/listen/listener_retirement.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/protocol/fresh_state.h"

namespace muster::master {
namespace {

constexpr int kMostPerRound = 16;
// Until it tries again to give a connection, or to accept one without a descriptor for it.
constexpr std::chrono::milliseconds kRetry(20);
// By then the old workers, which are told right after the commit, accept no more.
constexpr std::chrono::milliseconds kUntilDrained(100);

}  // namespace

// One socket on its way to the end.
class ListenerRetirement::Retiree : public loop::Handler {
 public:
  // `listen`: what the configuration says of it that has served it.
  Retiree(ListenerRetirement& owner, std::shared_ptr<Listener> socket, config::v1::Listen listen)
      : owner_(owner),
        socket_(std::move(socket)),
        listen_(std::move(listen)),
        began_(owner.loop_.now()),
        again_(owner.loop_, [this] { OnTimer(); }),
        retire_(owner.loop_, [this] { socket_->RetireByHops().IgnoreError(); }) {
    if (!socket_->Retire().ok()) retire_.SetAfter(kUntilDrained);
    Watch();
    again_.SetAfter(kLeast);
  }
  ~Retiree() override { Unwatch(); }

  void OnEvents(std::uint32_t events) override {
    // A worker may have ended the listening, which the kernel tells again and again.
    const bool is_over = (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (TakeSome() == Outcome::kStuck || is_over) HoldBack();
  }

  const std::shared_ptr<Listener>& socket() const { return socket_; }

  // Gives what waits now, closes what cannot be given, and ends the socket.
  void End() {
    Unwatch();
    retire_.Cancel();
    // No more than these can wait, whatever the clients do meanwhile.
    const int most = socket_->backlog() + kMostPerRound;
    Outcome outcome = Outcome::kMore;
    for (int i = 0; i < most && outcome == Outcome::kMore; i += kMostPerRound) {
      outcome = TakeSome();
    }
    std::size_t closed = 0;
    for (int i = 0; i < most && outcome != Outcome::kEmpty && pending_.valid(); ++i) {
      ++closed;
      pending_ = socket_->Accept();
    }
    if (owner_.callbacks_.is_wanted_back(*socket_)) {
      socket_->Reserve();
    } else {
      socket_->StopListening();
    }
    Tell(closed);
  }

  // The socket is no retiree any more. It is watched and given from by others.
  void LetGo() {
    if (pending_.valid() && !Give(pending_)) Tell(1);
  }

 private:
  enum class Outcome { kEmpty, kMore, kStuck };

  Outcome TakeSome() {
    for (int i = 0; i < kMostPerRound; ++i) {
      if (!pending_.valid()) pending_ = socket_->Accept();
      if (!pending_.valid()) {
        // Clients that have gone are skipped.
        if (errno == ECONNABORTED || errno == EPROTO) continue;
        return errno == EAGAIN || errno == EINVAL ? Outcome::kEmpty : Outcome::kStuck;
      }
      if (!Give(pending_)) return Outcome::kStuck;
      pending_.reset();
    }
    return Outcome::kMore;
  }

  // Clients come by the listener as it was: with its name, and with a header if it expects one.
  bool Give(const ipc::UniqueFd& connection) const {
    return owner_.callbacks_.give(
        connection.get(), worker::FreshState(listen_, owner_.loop_.now().time_since_epoch()));
  }

  void Tell(std::size_t closed) const {
    if (closed > 0) owner_.callbacks_.closed(socket_->address().ToString(), closed);
  }

  void OnTimer() {
    const loop::Clock::duration age = owner_.loop_.now() - began_;
    const Outcome outcome = TakeSome();
    if (age >= kMost || (age >= kLeast && outcome == Outcome::kEmpty)) {
      End();
      return owner_.Remove(this);
    }
    if (outcome == Outcome::kStuck || age >= kLeast) return HoldBack();
    Watch();
    again_.Set(began_ + kLeast);
  }

  void HoldBack() {
    Unwatch();
    again_.SetAfter(kRetry);
  }

  void Watch() {
    if (is_watched_) return;
    // Without it the timer takes what has come.
    is_watched_ = owner_.loop_.Add(socket_->fd(), EPOLLIN, this).ok();
  }

  void Unwatch() {
    if (!is_watched_) return;
    owner_.loop_.Remove(socket_->fd(), this);
    is_watched_ = false;
  }

  ListenerRetirement& owner_;
  const std::shared_ptr<Listener> socket_;
  const config::v1::Listen listen_;
  const loop::TimePoint began_;
  ipc::UniqueFd pending_;  // accepted, and not given yet
  bool is_watched_ = false;
  loop::Timer again_;
  loop::Timer retire_;
};

ListenerRetirement::ListenerRetirement(loop::EventLoop& loop, Callbacks callbacks)
    : loop_(loop), callbacks_(std::move(callbacks)) {}

ListenerRetirement::~ListenerRetirement() = default;

void ListenerRetirement::Begin(const ListenerSet& dropped) {
  const ListenerSet begun = dropped.Without(sockets_);
  for (const std::shared_ptr<Listener>& socket : begun.sockets()) {
    // A service manager goes on with what is its own, and may pass it again.
    if (!socket->is_listening() || socket->is_shared()) continue;
    const config::v1::Listen* const listen = begun.ConfigOf(*socket);
    retirees_.push_back(std::make_unique<Retiree>(
        *this, socket, listen == nullptr ? config::v1::Listen() : *listen));
  }
  sockets_.AddFrom(begun);
  KeepThoseThatGoOn();
}

void ListenerRetirement::Release() {
  const auto first = std::partition(retirees_.begin(), retirees_.end(), [](const auto& retiree) {
    return retiree->socket()->is_retired();
  });
  std::for_each(first, retirees_.end(), [](const auto& retiree) { retiree->LetGo(); });
  retirees_.erase(first, retirees_.end());
  KeepThoseThatGoOn();
}

void ListenerRetirement::Clear() {
  retirees_.clear();
  sockets_ = ListenerSet();
}

void ListenerRetirement::Remove(const Retiree* ended) {
  // Its own timer has called this.
  const auto found = std::find_if(retirees_.begin(), retirees_.end(),
                                  [&](const auto& retiree) { return retiree.get() == ended; });
  retirees_.erase(found);
  KeepThoseThatGoOn();
  if (retirees_.empty()) callbacks_.over();
}

void ListenerRetirement::KeepThoseThatGoOn() {
  std::vector<const Listener*> left;
  for (const auto& retiree : retirees_) left.push_back(retiree->socket().get());
  sockets_ = sockets_.OnlyWith(left);
}

}  // namespace muster::master
