#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/event_fd.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/participants.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

constexpr int kVictim = 0;
constexpr int kParticipants = 2;

// An epoll of one descriptor.
class Sleeper {
 public:
  explicit Sleeper(int fd) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event interest = {EPOLLIN, {}};
    MUSTER_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest) == 0, "epoll_ctl");
  }
  // Without a deadline: nobody is rescued by time.
  void Sleep() {
    epoll_event event;
    ::epoll_wait(epoll_.get(), &event, 1, -1);
  }

 private:
  UniqueFd epoll_;
};

// Items that notifiers add and one consumer takes, which sleeps in epoll. All processes, the
// supervisor too, have the eventfd.
class Inbox {
 public:
  explicit Inbox(Trial& trial)
      : trial_(trial),
        shared_(new (trial.memory()) Shared),
        participants_(static_cast<char*>(trial.memory()) + 4096, kParticipants),
        event_(Value(EventFd::Create(&shared_->state, participants_.registry()))) {}

  int fd() const { return event_.fd(); }
  std::uint32_t added() const { return shared_->added.load(); }
  std::uint32_t taken() const { return shared_->taken.load(); }
  void AddSilently() { shared_->added.fetch_add(1); }
  void Add() {
    AddSilently();
    event_.Notify();
  }
  void Take(Sleeper& sleeper) {
    for (;;) {
      event_.Arm();
      if (TryTake()) return;
      sleeper.Sleep();
      event_.Drain();
    }
  }
  // Returns when it sleeps, or has got an item.
  Actor& StartConsumer() {
    Actor& consumer = trial_.Start([this](Part&) {
      Sleeper sleeper(fd());
      Take(sleeper);
    });
    trial_.AwaitWaiting(consumer);
    return consumer;
  }
  Victim& StartDoomedConsumer() {
    return trial_.StartVictim([this](Part&) {
      Sleeper sleeper(fd());
      SectionMark();
      Take(sleeper);
      SectionMark();
    });
  }

  void Recover() {
    participants_.MarkDead(kVictim);
    event_.Recover(participants_.tag(kVictim));
  }
  void RecoverEarlyOrLate() {
    if (trial_.late_recovery()) trial_.AwaitIdle();
    Recover();
  }
  // The consumer is dead. Another one takes its place, and must get what the dead one did not.
  void Succeed() {
    const bool is_taken = taken() == added();
    StartConsumer();
    if (is_taken) Add();
    trial_.AwaitAll();
  }

 private:
  struct Shared {
    EventFdState state;
    std::atomic<std::uint32_t> added{0};
    std::atomic<std::uint32_t> taken{0};
  };

  bool TryTake() {
    std::uint32_t taken = shared_->taken.load();
    return taken < shared_->added.load() &&
           shared_->taken.compare_exchange_strong(taken, taken + 1);
  }

  Trial& trial_;
  Shared* shared_;
  Participants participants_;
  EventFd event_;
};

// Adds an item and notifies, while the consumer sleeps.
void Notifier(Trial& trial) {
  Inbox inbox(trial);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    inbox.Add();
    SectionMark();
  });
  inbox.StartConsumer();
  trial.Step(victim);
  victim.Kill();
  inbox.RecoverEarlyOrLate();
  if (inbox.added() == 0) inbox.Add();
  trial.AwaitAll();
}

// A notifier is dead before it notified, and the consumer sleeps; the supervisor dies while it
// recovers.
void Recoverer(Trial& trial) {
  Inbox inbox(trial);
  inbox.StartConsumer();
  Victim& recoverer = trial.StartVictim([&](Part&) {
    SectionMark();
    inbox.Recover();
    SectionMark();
  });
  inbox.AddSilently();
  trial.Step(recoverer);
  recoverer.Kill();
  inbox.RecoverEarlyOrLate();
  trial.AwaitAll();
}

// The same, but the dead one had added nothing: who notifies afterwards must wake the consumer,
// whether the recoverer was killed or not, and nobody recovers again.
void RecovererBeforeANotifier(Trial& trial) {
  Inbox inbox(trial);
  inbox.StartConsumer();
  Victim& recoverer = trial.StartVictim([&](Part&) {
    SectionMark();
    inbox.Recover();
    SectionMark();
  });
  trial.Step(recoverer);
  recoverer.Kill();
  if (trial.late_recovery()) trial.AwaitIdle();
  inbox.Add();
  trial.AwaitAll();
}

// Arms, sleeps, is notified and takes an item.
void Consumer(Trial& trial) {
  Inbox inbox(trial);
  Victim& victim = inbox.StartDoomedConsumer();
  const auto notify = [&](int) {
    if (inbox.added() == 0) inbox.Add();
  };
  trial.Step(victim, notify);
  victim.Kill();
  notify(0);
  inbox.RecoverEarlyOrLate();
  inbox.Succeed();
}

// Is on its way to sleep, at any instruction of it, when the item comes, and dies at any later one.
void ConsumerNotifiedAtAnyMoment(Trial& trial) {
  Inbox inbox(trial);
  Victim& victim = inbox.StartDoomedConsumer();
  const auto notify = [&](int) {
    if (inbox.added() == 0) inbox.Add();
  };
  trial.Step(victim, notify);
  notify(0);
  trial.Step(victim);
  victim.Kill();
  inbox.RecoverEarlyOrLate();
  inbox.Succeed();
}

}  // namespace

std::vector<Scenario> EventFdScenarios() {
  return {
      {.primitive = "event fd", .role = "notifier", .play = Notifier},
      {.primitive = "event fd", .role = "recoverer", .play = Recoverer},
      {.primitive = "event fd",
       .role = "recoverer, a notifier later",
       .play = RecovererBeforeANotifier},
      {.primitive = "event fd", .role = "woken waiter", .sleeps = true, .play = Consumer},
      {.primitive = "event fd",
       .role = "waiter, notified at any moment",
       .dimensions = 2,
       .sleeps = true,
       .play = ConsumerNotifiedAtAnyMoment},
  };
}

}  // namespace muster::ipc::testing
