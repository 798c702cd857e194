#include "muster/ipc/lock/event_fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include <atomic>
#include <thread>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

class EventFdTest : public ::testing::Test {
 protected:
  bool IsReadable() const {
    pollfd entry = {event_.fd(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }

  TestZone zone_;
  EventFdState* state_ = zone_.Place<EventFdState>();
  EventFd event_ = *EventFd::Create(state_, zone_.registry());
};

TEST_F(EventFdTest, IsClosedByExecAndNeverBlocks) {
  EXPECT_EQ(::fcntl(event_.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_FALSE(event_.Drain());
}

TEST_F(EventFdTest, MakesNoSystemCallWhileTheConsumerIsAwake) {
  event_.Notify();
  EXPECT_FALSE(IsReadable());
}

TEST_F(EventFdTest, IsReadableWhenItWasNotifiedAfterItWasArmed) {
  event_.Arm();
  event_.Notify();
  EXPECT_TRUE(IsReadable());
  EXPECT_TRUE(event_.Drain());
  EXPECT_FALSE(IsReadable());
}

TEST_F(EventFdTest, IsNotifiedOnceForEachArming) {
  event_.Arm();
  event_.Notify();
  EXPECT_TRUE(event_.Drain());
  event_.Notify();
  EXPECT_FALSE(IsReadable());
}

TEST_F(EventFdTest, WakesAConsumerInEpoll) {
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event interest = {EPOLLIN, {}};
  ASSERT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, event_.fd(), &interest), 0);
  event_.Arm();
  ForkedChild notifier([&] {
    event_.Notify();
    return 0;
  });
  epoll_event event;
  EXPECT_EQ(::epoll_wait(epoll.get(), &event, 1, 30'000), 1);
  EXPECT_EQ(notifier.Join(), 0);
}

TEST_F(EventFdTest, WakesTheConsumerWhenAParticipantDied) {
  event_.Arm();
  EXPECT_FALSE(event_.Recover(OwnerTag(1, 1)));
  EXPECT_TRUE(IsReadable());
}

TEST_F(EventFdTest, IsNotifiedAfterARecovery) {
  event_.Arm();
  event_.Recover(OwnerTag(1, 1));
  event_.Drain();
  event_.Notify();
  EXPECT_TRUE(IsReadable()) << "the consumer's request was lost";
}

template <typename State>
concept Recoverable = requires(State state) {
  state.Recover(OwnerTag());
};

TEST_F(EventFdTest, IsNotRecoveredWithoutItsDescriptor) {
  static_assert(Recoverable<EventFd> && !Recoverable<EventFdState>);
}

TEST_F(EventFdTest, BoundsTheSleepOfAConsumerThatNobodyRecovers) {
  EXPECT_EQ(event_.recheck_interval(), zone_.registry().recheck_interval());
  EXPECT_GE(event_.recheck_interval(), absl::Milliseconds(1));
}

TEST_F(EventFdTest, LosesNoWakeWhileBothSidesRun) {
  constexpr int kItems = 20'000;
  std::atomic<int> items{0};
  std::thread producer([&] {
    for (int i = 0; i < kItems; ++i) {
      items.fetch_add(1);
      event_.Notify();
    }
  });
  int seen = 0;
  while (seen < kItems) {
    event_.Arm();
    if (items.load() == seen) {
      pollfd entry = {event_.fd(), POLLIN, 0};
      ASSERT_EQ(::poll(&entry, 1, 30'000), 1) << "a wake was lost after " << seen;
    }
    event_.Drain();
    seen = items.load();
  }
  producer.join();
}

}  // namespace
}  // namespace muster::ipc
