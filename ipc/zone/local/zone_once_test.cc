#include "muster/ipc/zone/local/zone_once.h"

#include <pthread.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/threads.h"

namespace muster::ipc {
namespace {

class ZoneOnceTest : public ::testing::Test {
 protected:
  Once As(OwnerTag tag) { return Once(state_, zone_.registry(), tag); }
  // An initialiser that counts, waits for the gate, and has `result`.
  auto CountAndReturn(absl::Status result) {
    return [this, result](bool) {
      ++runs_;
      has_begun_.Open();
      gate_.Await();
      return result;
    };
  }

  TestZone zone_;
  OnceState* state_ = zone_.Place<OnceState>();
  ZoneOnce once_{As(zone_.Reserve(0))};
  Gate has_begun_;
  Gate gate_;
  std::atomic<int> runs_{0};
};

absl::Status Succeed(bool) { return absl::OkStatus(); }

TEST_F(ZoneOnceTest, IsTheZonesOnce) {
  gate_.Open();
  EXPECT_TRUE(once_.Call(CountAndReturn(absl::OkStatus())).ok());
  EXPECT_TRUE(once_.is_done());
  EXPECT_TRUE(As(zone_.Reserve(1)).is_done());
  EXPECT_TRUE(once_.Call(CountAndReturn(absl::OkStatus())).ok());
  EXPECT_EQ(runs_, 1);
}

TEST_F(ZoneOnceTest, RunsInOneThreadWhileTheOthersWait) {
  std::thread first([&] { EXPECT_TRUE(once_.Call(CountAndReturn(absl::OkStatus())).ok()); });
  has_begun_.Await();
  BlockedThread second([&] { return once_.Call(CountAndReturn(absl::OkStatus())); });
  gate_.Open();
  first.join();
  EXPECT_TRUE(second.Join().ok());
  EXPECT_EQ(runs_, 1);
}

TEST_F(ZoneOnceTest, GivesAnErrorToAllThatWaitedForIt) {
  const absl::Status error = absl::UnavailableError("no disk");
  std::thread first([&] { EXPECT_EQ(once_.Call(CountAndReturn(error)), error); });
  has_begun_.Await();
  BlockedThread second([&] { return once_.Call(Succeed); });
  gate_.Open();
  first.join();
  EXPECT_EQ(second.Join(), error);
  EXPECT_FALSE(once_.is_done());
  EXPECT_TRUE(once_.Call(Succeed).ok());
}

TEST_F(ZoneOnceTest, RunsInAThreadThatWaitedForOneThatThrew) {
  std::thread first([&] {
    EXPECT_THROW((void)once_.Call([&](bool) -> absl::Status {
      has_begun_.Open();
      gate_.Await();
      throw std::runtime_error("no disk");
    }),
                 std::runtime_error);
  });
  has_begun_.Await();
  std::atomic<bool> was_interrupted{false};
  BlockedThread second([&] {
    return once_.Call([&](bool interrupted) {
      was_interrupted = interrupted;
      return absl::OkStatus();
    });
  });
  gate_.Open();
  first.join();
  EXPECT_TRUE(second.Join().ok());
  EXPECT_TRUE(was_interrupted);
}

TEST_F(ZoneOnceTest, IsTriedAgainWhenTheThreadOfTheInitialiserEnds) {
  std::thread([&] {
    (void)once_.Call([](bool) -> absl::Status { ::pthread_exit(nullptr); });
  }).join();
  EXPECT_TRUE(once_
                  .Call([](bool was_interrupted) {
                    return was_interrupted ? absl::OkStatus() : absl::InternalError("not told");
                  })
                  .ok());
}

TEST_F(ZoneOnceTest, RefusesAnInitialiserThatCallsItself) {
  const absl::Status outer = once_.Call([&](bool) { return once_.Call(Succeed); });
  EXPECT_EQ(outer.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ZoneOnceTest, FailsInAChildOfFork) {
  std::thread first([&] { EXPECT_TRUE(once_.Call(CountAndReturn(absl::OkStatus())).ok()); });
  has_begun_.Await();
  BlockedThread second([&] { return once_.Call(Succeed); });
  ForkedChild child([&] {
    const absl::Status status = once_.Call(Succeed);
    once_.~ZoneOnce();
    return status.code() == absl::StatusCode::kFailedPrecondition ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
  gate_.Open();
  first.join();
  EXPECT_TRUE(second.Join().ok());
}

TEST_F(ZoneOnceTest, HonoursItsDeadlineBehindAThread) {
  std::thread first([&] { EXPECT_TRUE(once_.Call(CountAndReturn(absl::OkStatus())).ok()); });
  has_begun_.Await();
  EXPECT_EQ(once_.Call(Succeed, Deadline::After(absl::Milliseconds(5))).code(),
            absl::StatusCode::kDeadlineExceeded);
  gate_.Open();
  first.join();
}

TEST_F(ZoneOnceTest, GivesTheDeadlineOfOneThreadToNoOther) {
  // Another participant runs it.
  std::thread theirs([&, tag = zone_.Reserve(1)] {
    EXPECT_TRUE(As(tag).Call(CountAndReturn(absl::OkStatus())).ok());
  });
  has_begun_.Await();
  std::thread hasty([&] {
    EXPECT_EQ(once_.Call(Succeed, Deadline::After(absl::Milliseconds(20))).code(),
              absl::StatusCode::kDeadlineExceeded);
  });
  BlockedThread patient([&] { return once_.Call(Succeed); });
  hasty.join();
  gate_.Open();
  theirs.join();
  EXPECT_TRUE(patient.Join().ok());
}

}  // namespace
}  // namespace muster::ipc
