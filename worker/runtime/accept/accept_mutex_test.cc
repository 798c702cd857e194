#include "muster/worker/runtime/accept/accept_mutex.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/testing/loopback_listener.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/zone/accept_mutex_watch.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_recovery.h"

namespace muster::worker {
namespace {

using testing::TestClient;

// One worker's use of the mutex, and the mutex as another worker sees it.
class AcceptMutexTest : public ::testing::Test {
 protected:
  AcceptMutexTest()
      : zone_(*SharedZone::Create(4)),
        loop_(*loop::EventLoop::Create()),
        own_tag_(*zone_.Reserve()),
        other_tag_(*zone_.Reserve()),
        others_(MutexOf(other_tag_)) {
    sockets_.emplace_back(listener_.Inherit());
    AcceptMutex::Callbacks callbacks;
    callbacks.accept = [this](const ListeningSocket& socket) {
      held_in_accept_ = Owner() == own_tag_;
      Connection connection;
      if (socket.Accept(&connection) == ListeningSocket::Outcome::kAccepted) ++accepted_;
    };
    callbacks.work = [this] { held_in_work_ = Owner() == own_tag_; };
    accept_mutex_ = *AcceptMutex::Create(*loop_, sockets_, {MutexOf(own_tag_), turns_},
                                         std::chrono::milliseconds(1), std::move(callbacks));
  }

  ipc::Mutex MutexOf(ipc::OwnerTag tag) {
    return ipc::Mutex(zone_.accept_mutex_state(), zone_.registry(), tag);
  }
  ipc::OwnerTag Owner() const {
    return ipc::OwnerTag::InWord(zone_.accept_mutex_state()->word.load());
  }
  void RunOnce() { ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(1)).ok()); }

  SharedZone zone_;
  std::unique_ptr<loop::EventLoop> loop_;
  ipc::OwnerTag own_tag_;
  ipc::OwnerTag other_tag_;
  ipc::Mutex others_;
  testing::LoopbackListener listener_;
  std::vector<ListeningSocket> sockets_;
  ipc::Gauge turns_;
  std::unique_ptr<AcceptMutex> accept_mutex_;
  int accepted_ = 0;
  bool held_in_accept_ = false;
  bool held_in_work_ = true;
};

TEST_F(AcceptMutexTest, HoldsTheMutexForTheWait) {
  accept_mutex_->BeforeWait();
  EXPECT_EQ(Owner(), own_tag_);
  accept_mutex_->AfterWait();
  EXPECT_EQ(Owner(), ipc::OwnerTag());
}

TEST_F(AcceptMutexTest, AcceptsWithTheMutexAndWorksWithoutIt) {
  const TestClient client(listener_.port());
  RunOnce();
  EXPECT_EQ(accepted_, 1);
  EXPECT_TRUE(held_in_accept_);
  EXPECT_FALSE(held_in_work_);
}

TEST_F(AcceptMutexTest, LeavesConnectionsToTheHolder) {
  RunOnce();
  ASSERT_EQ(others_.TryLock(), ipc::LockOutcome::kAcquired);
  const TestClient client(listener_.port());
  RunOnce();
  EXPECT_EQ(accepted_, 0);
  ASSERT_TRUE(others_.Unlock());
  RunOnce();
  EXPECT_EQ(accepted_, 1);
}

// Without its own timer the wait would last for ever.
TEST_F(AcceptMutexTest, TriesAgainWithinItsDelay) {
  ASSERT_EQ(others_.TryLock(), ipc::LockOutcome::kAcquired);
  ASSERT_TRUE(loop_->RunOnce().ok());
  ASSERT_TRUE(loop_->RunOnce().ok());
}

TEST_F(AcceptMutexTest, DoesNotCompeteWhileItIsClosed) {
  accept_mutex_->SetOpen(false);
  accept_mutex_->BeforeWait();
  EXPECT_EQ(Owner(), ipc::OwnerTag());
  accept_mutex_->SetOpen(true);
  accept_mutex_->BeforeWait();
  EXPECT_EQ(Owner(), own_tag_);
}

TEST_F(AcceptMutexTest, SkipsRounds) {
  accept_mutex_->Skip(2);
  accept_mutex_->BeforeWait();
  EXPECT_EQ(Owner(), ipc::OwnerTag());
  accept_mutex_->BeforeWait();
  EXPECT_EQ(Owner(), ipc::OwnerTag());
  accept_mutex_->BeforeWait();
  EXPECT_EQ(Owner(), own_tag_);
}

TEST_F(AcceptMutexTest, SkipsNoLongerThanItsDelay) {
  accept_mutex_->Skip(1'000'000);
  const TestClient client(listener_.port());
  for (int i = 0; i < 100 && accepted_ == 0; ++i) ASSERT_TRUE(loop_->RunOnce().ok());
  EXPECT_EQ(accepted_, 1);
}

TEST_F(AcceptMutexTest, TakesOverFromADeadHolderForGood) {
  ASSERT_EQ(others_.TryLock(), ipc::LockOutcome::kAcquired);
  RecoverSlot(zone_, other_tag_);
  accept_mutex_->BeforeWait();
  EXPECT_EQ(Owner(), own_tag_);
  accept_mutex_->AfterWait();
  ipc::Mutex third = MutexOf(*zone_.Reserve());
  EXPECT_EQ(third.TryLock(), ipc::LockOutcome::kAcquired);
}

// So that the master can tell an idle holder from one that is stopped.
TEST_F(AcceptMutexTest, EndsAndCountsItsTurnsThoughNobodyComes) {
  ASSERT_TRUE(loop_->RunOnce().ok());
  EXPECT_EQ(Owner(), ipc::OwnerTag());
  ASSERT_TRUE(loop_->RunOnce().ok());
  EXPECT_EQ(turns_.value(), 2);
}

TEST_F(AcceptMutexTest, GoesOnAfterItsMutexWasTakenAway) {
  accept_mutex_->BeforeWait();
  AcceptMutexWatch watch(zone_);
  watch.Look();
  ASSERT_EQ(watch.Look().finding, AcceptMutexWatch::Finding::kStuck);
  ASSERT_EQ(others_.TryLock(), ipc::LockOutcome::kOwnerDied);
  accept_mutex_->AfterWait();
  EXPECT_EQ(Owner(), other_tag_) << "it is not its own any more";
  others_.MarkConsistent();
  ASSERT_TRUE(others_.Unlock());
  accept_mutex_->BeforeWait();
  EXPECT_EQ(Owner(), own_tag_);
}

TEST_F(AcceptMutexTest, GivesTheMutexBackWhenItIsDestroyed) {
  accept_mutex_->BeforeWait();
  accept_mutex_.reset();
  EXPECT_EQ(others_.TryLock(), ipc::LockOutcome::kAcquired);
}

}  // namespace
}  // namespace muster::worker
