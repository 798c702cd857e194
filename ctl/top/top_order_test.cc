#include "muster/ctl/top/top_order.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr TopOrder kRestart = {
    .change = v1::ChangeWorkerRequest::RESTART, .number = 1, .generation = 2, .pid = 4712};

v1::Worker* Add(v1::Status& status, int pid, v1::Worker::State state) {
  v1::Worker* const worker = status.add_workers();
  worker->set_index(1);
  worker->set_generation(2);
  worker->set_pid(pid);
  worker->set_state(state);
  return worker;
}

// Of a master whose generation 2 serves, with one worker that has the number 1.
v1::Status StatusWith(int pid, v1::Worker::State state) {
  v1::Status status;
  status.mutable_master()->set_generation(2);
  Add(status, pid, state);
  return status;
}

TEST(TopOrder, NamesTheProcess) {
  EXPECT_EQ(kRestart.Text(), "restart worker 1 (generation 2, pid 4712)");
  EXPECT_EQ(kRestart.Text(/*doing=*/true), "restarting worker 1 (generation 2, pid 4712)");
  constexpr TopOrder kDrain = {
      .change = v1::ChangeWorkerRequest::DRAIN, .number = 0, .generation = 3, .pid = 0};
  EXPECT_EQ(kDrain.Text(), "drain worker 0 (generation 3, no process)");
}

TEST(TopOrder, ReachesTheProcessThatIsMeant) {
  for (const auto state : {v1::Worker::SERVING, v1::Worker::HUNG, v1::Worker::STARTING}) {
    EXPECT_EQ(WhyNotSent(kRestart, StatusWith(4712, state)), "");
  }
}

TEST(TopOrder, ReachesAWorkerThatWasGivenUp) {
  TopOrder order = kRestart;
  order.pid = 0;
  EXPECT_EQ(WhyNotSent(order, StatusWith(0, v1::Worker::GAVE_UP)), "");
  EXPECT_EQ(WhyNotSent(order, StatusWith(4720, v1::Worker::SERVING)),
            "it was replaced by pid 4720");
}

TEST(TopOrder, IsNotForAWorkerAtItsEnd) {
  EXPECT_EQ(WhyNotSent(kRestart, StatusWith(4712, v1::Worker::DRAINING)), "it drains already");
  EXPECT_EQ(WhyNotSent(kRestart, StatusWith(4712, v1::Worker::STOPPING)),
            "it is being stopped already");
  EXPECT_EQ(WhyNotSent(kRestart, {}), "it has ended");
}

TEST(TopOrder, DoesNotReachTheSuccessor) {
  EXPECT_EQ(WhyNotSent(kRestart, StatusWith(4720, v1::Worker::SERVING)),
            "it was replaced by pid 4720");
  EXPECT_EQ(WhyNotSent(kRestart, StatusWith(0, v1::Worker::BACKOFF)),
            "it has ended, and waits for its next process");
  EXPECT_EQ(WhyNotSent(kRestart, StatusWith(4720, v1::Worker::DRAINING)), "it has ended")
      << "the other one is at its end, too";
  v1::Status both = StatusWith(4720, v1::Worker::SERVING);
  Add(both, 4712, v1::Worker::DRAINING);
  EXPECT_EQ(WhyNotSent(kRestart, both), "it drains already");
}

TEST(TopOrder, DoesNotReachTheSameNumberOfAnotherGeneration) {
  v1::Status status = StatusWith(4712, v1::Worker::SERVING);
  status.mutable_master()->set_generation(3);
  EXPECT_EQ(WhyNotSent(kRestart, status), "it is not of generation 3, which serves");
  status.mutable_workers(0)->set_generation(3);
  EXPECT_EQ(WhyNotSent(kRestart, status), "it has ended");
}

}  // namespace
}  // namespace muster::ctl
