#include "muster/worker/runtime/accept/accept_mutex.h"

#include <sys/epoll.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/zone/accept_mutex_watch.h"

namespace muster::worker {

absl::StatusOr<std::unique_ptr<AcceptMutex>> AcceptMutex::Create(
    loop::EventLoop& loop, const std::vector<ListeningSocket>& listeners, AcceptTurns turns,
    loop::Clock::duration accept_delay, Callbacks callbacks) {
  ipc::UniqueFd set(::epoll_create1(EPOLL_CLOEXEC));
  if (!set.valid()) return ipc::ErrnoStatus("epoll_create1 for the listeners");
  for (const ListeningSocket& listener : listeners) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.ptr = const_cast<ListeningSocket*>(&listener);
    if (::epoll_ctl(set.get(), EPOLL_CTL_ADD, listener.fd(), &event) < 0) {
      return ipc::ErrnoStatus(absl::StrCat("epoll_ctl of listener ", listener.address()));
    }
  }
  auto accept_mutex = std::unique_ptr<AcceptMutex>(
      new AcceptMutex(loop, std::move(set), std::move(turns), accept_delay, std::move(callbacks)));
  loop.SetGate(accept_mutex.get());
  return accept_mutex;
}

AcceptMutex::AcceptMutex(loop::EventLoop& loop, ipc::UniqueFd set, AcceptTurns turns,
                         loop::Clock::duration accept_delay, Callbacks callbacks)
    : loop_(loop),
      set_(std::move(set)),
      mutex_(std::move(turns.mutex)),
      turns_(turns.count),
      accept_delay_(accept_delay),
      callbacks_(std::move(callbacks)),
      // It ends the wait. Nobody may be there to whom the turn could be left.
      retry_(loop, [this] { rounds_to_skip_ = 0; }),
      // It only ends the wait.
      turn_end_(loop, [] {}) {}

AcceptMutex::~AcceptMutex() {
  loop_.SetGate(nullptr);
  Unwatch();
  if (holds_mutex_) mutex_.Unlock();
}

void AcceptMutex::BeforeWait() {
  if (is_open_ && TakeTurn()) {
    retry_.Cancel();
    if (!turn_end_.is_armed()) turn_end_.SetAfter(AcceptMutexWatch::kLongestTurn);
    return;
  }
  Unwatch();
  if (is_open_ && !retry_.is_armed()) retry_.SetAfter(accept_delay_);
}

bool AcceptMutex::TakeTurn() {
  if (rounds_to_skip_ > 0) {
    --rounds_to_skip_;
    return false;
  }
  const ipc::LockOutcome outcome = mutex_.TryLock();
  if (!ipc::Holds(outcome)) return false;
  // It protects nothing but the turn, so a dead owner left nothing behind.
  if (outcome == ipc::LockOutcome::kOwnerDied) mutex_.MarkConsistent();
  holds_mutex_ = true;
  turns_.Add();
  if (Watch()) return true;
  holds_mutex_ = false;
  mutex_.Unlock();
  return false;
}

bool AcceptMutex::Watch() {
  if (!is_watching_) is_watching_ = loop_.Add(set_.get(), EPOLLIN, this).ok();
  return is_watching_;
}

void AcceptMutex::Unwatch() {
  if (!is_watching_) return;
  is_watching_ = false;
  loop_.Remove(set_.get(), this);
}

void AcceptMutex::OnEvents(std::uint32_t) {
  std::array<epoll_event, 16> ready;
  const int count = ::epoll_wait(set_.get(), ready.data(), ready.size(), 0);
  for (int i = 0; i < count; ++i) {
    callbacks_.accept(*static_cast<const ListeningSocket*>(ready[i].data.ptr));
  }
}

void AcceptMutex::AfterWait() {
  if (!holds_mutex_) return;
  holds_mutex_ = false;
  mutex_.Unlock();
  callbacks_.work();
}

}  // namespace muster::worker
