#include "muster/master/deployment/deployment_loader.h"

#include <poll.h>

#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/host/wait_note.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

class DeploymentLoaderTest : public testing::Test {
 protected:
  DeploymentLoaderTest() : loop_(*loop::EventLoop::Create()) {
    loader_ =
        *DeploymentLoader::Create(*loop_, [this](LoadId id, absl::StatusOr<Deployment> outcome) {
          done_[id] = outcome.ok() ? outcome->config.pid_file() : outcome.status().ToString();
        });
  }
  ~DeploymentLoaderTest() override { EndHanging(); }

  // A load of a deployment that is known by `name`, its pid file.
  static DeploymentLoader::Load Quick(const std::string& name) {
    return [name](int) -> absl::StatusOr<Deployment> {
      Deployment deployment;
      deployment.config.set_pid_file(name);
      return deployment;
    };
  }
  // A load that hangs until EndHanging. The next one begins to hang only after this one has ended.
  DeploymentLoader::Load Hanging() {
    return [end = end_.get_future(), begun = begun_](int) -> absl::StatusOr<Deployment> {
      const host::WaitNote note("reading", "/net/m.textproto");
      begun->set_value();
      end.wait();
      return Deployment();
    };
  }
  void BeginHanging(LoadId id) {
    ASSERT_TRUE(loader_->Begin(id, Hanging()).ok());
    begun_->get_future().wait();
  }
  void EndHanging() {
    if (!std::exchange(has_ended_, true)) end_.set_value();
  }
  bool AwaitDone(LoadId id) {
    return loop::RunUntil(*loop_, [&] { return done_.count(id) != 0; });
  }

  std::unique_ptr<loop::EventLoop> loop_;
  std::map<LoadId, std::string> done_;
  std::promise<void> end_;
  std::shared_ptr<std::promise<void>> begun_ = std::make_shared<std::promise<void>>();
  bool has_ended_ = false;
  std::unique_ptr<DeploymentLoader> loader_;
};

TEST_F(DeploymentLoaderTest, BringsWhatWasLoadedIntoTheLoop) {
  ASSERT_TRUE(loader_->Begin(1, Quick("a")).ok());
  EXPECT_THAT(done_, IsEmpty()) << "not before the loop runs";
  ASSERT_TRUE(AwaitDone(1));
  EXPECT_EQ(done_[1], "a");
}

TEST_F(DeploymentLoaderTest, BringsTheReasonWhyNothingWasLoaded) {
  const auto load = [](int) -> absl::StatusOr<Deployment> { return absl::NotFoundError("m"); };
  ASSERT_TRUE(loader_->Begin(1, load).ok());
  ASSERT_TRUE(AwaitDone(1));
  EXPECT_EQ(done_[1], "NOT_FOUND: m");
}

TEST_F(DeploymentLoaderTest, LeavesTheLoopFreeWhileALoadHangs) {
  BeginHanging(1);
  bool has_run = false;
  loop_->Post([&] { has_run = true; });
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return has_run; }));
  EXPECT_THAT(done_, IsEmpty());
}

TEST_F(DeploymentLoaderTest, SaysWhatAnOverdueLoadHangsIn) {
  BeginHanging(1);
  const absl::Status status = loader_->AbandonOverdue(1);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status));
  EXPECT_THAT(std::string(status.message()), StartsWith("still reading /net/m.textproto after "));
}

TEST_F(DeploymentLoaderTest, RefusesLoadsWhileAnOverdueOneHangs) {
  BeginHanging(1);
  (void)loader_->AbandonOverdue(1);
  const absl::Status status = loader_->Begin(2, Quick("b"));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()),
              StartsWith("an earlier reload is still reading /net/m.textproto after "));
}

TEST_F(DeploymentLoaderTest, LoadsAgainOnceAnOverdueLoadHasEnded) {
  BeginHanging(1);
  (void)loader_->AbandonOverdue(1);
  EndHanging();
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return loader_->Begin(2, Quick("b")).ok(); }));
  ASSERT_TRUE(AwaitDone(2));
  EXPECT_THAT(done_, ElementsAre(Pair(2u, "b")));
}

TEST_F(DeploymentLoaderTest, LoadsTheNextAfterOneThatWasAbandoned) {
  BeginHanging(1);
  loader_->Abandon(1);
  ASSERT_TRUE(loader_->Begin(2, Quick("b")).ok());
  EndHanging();
  ASSERT_TRUE(AwaitDone(2));
  EXPECT_THAT(done_, ElementsAre(Pair(2u, "b"))) << "the one that was abandoned is not told";
}

TEST_F(DeploymentLoaderTest, BeginsNoLoadThatWasAbandonedBefore) {
  BeginHanging(1);
  const auto load = [](int) -> absl::StatusOr<Deployment> {
    ADD_FAILURE() << "began";
    return Deployment();
  };
  ASSERT_TRUE(loader_->Begin(2, load).ok());
  loader_->Abandon(2);
  ASSERT_TRUE(loader_->Begin(3, Quick("c")).ok());
  EndHanging();
  EXPECT_TRUE(AwaitDone(3));
}

TEST_F(DeploymentLoaderTest, AsksALoadToStopThatIsAbandoned) {
  const auto load = [](int stop_fd) -> absl::StatusOr<Deployment> {
    pollfd wait = {stop_fd, POLLIN, 0};
    ::poll(&wait, 1, -1);
    return absl::CancelledError("stopped");
  };
  ASSERT_TRUE(loader_->Begin(1, load).ok());
  loader_->Abandon(1);
  ASSERT_TRUE(loader_->Begin(2, Quick("b")).ok());
  EXPECT_TRUE(AwaitDone(2));
}

TEST_F(DeploymentLoaderTest, DropsWhatEndedBeforeItWasAbandoned) {
  ASSERT_TRUE(loader_->Begin(1, Quick("a")).ok());
  ASSERT_TRUE(loader_->Begin(2, Quick("b")).ok());
  // The first one has ended, though the loop does not know yet, when the third one hangs.
  BeginHanging(3);
  loader_->Abandon(1);
  ASSERT_TRUE(AwaitDone(2));
  EXPECT_THAT(done_, ElementsAre(Pair(2u, "b")));
}

TEST_F(DeploymentLoaderTest, EndsThoughALoadHangs) {
  BeginHanging(1);
  loader_.reset();
  EXPECT_THAT(done_, IsEmpty());
}

}  // namespace
}  // namespace muster::master
