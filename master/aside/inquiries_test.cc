#include "muster/master/aside/inquiries.h"

#include <poll.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/host/wait_note.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::chrono::hours kLong{1};

class InquiriesTest : public testing::Test {
 protected:
  void Make(std::chrono::milliseconds patience) {
    inquiries_ = *Inquiries::Create(*loop_, patience);
  }
  std::function<void(absl::StatusOr<int>)> Tell() {
    return [this](absl::StatusOr<int> told) { told_.push_back(std::move(told)); };
  }
  // Hangs until somebody wants it to stop.
  static absl::StatusOr<int> Hang(int stop_fd) {
    const host::WaitNote note("reading", "/net/x");
    pollfd wait = {stop_fd, POLLIN, 0};
    ::poll(&wait, 1, -1);
    return 0;
  }
  bool AwaitTold(std::size_t count) {
    return loop::RunUntil(*loop_, [&] { return told_.size() == count; });
  }

  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  std::vector<absl::StatusOr<int>> told_;
  std::unique_ptr<Inquiries> inquiries_;
};

TEST_F(InquiriesTest, TellInTheLoopWhatWasFoundInTheThread) {
  Make(kLong);
  inquiries_->Ask<int>([](int) { return 7; }, Tell());
  inquiries_->Ask<int>([](int) { return absl::NotFoundError("x"); }, Tell());
  EXPECT_THAT(told_, IsEmpty()) << "not before the loop runs";
  ASSERT_TRUE(AwaitTold(2));
  EXPECT_EQ(*told_[0], 7);
  EXPECT_EQ(told_[1].status(), absl::NotFoundError("x"));
}

TEST_F(InquiriesTest, TellInTimeWhatHangsAndEndIt) {
  Make(std::chrono::milliseconds(1));
  inquiries_->Ask<int>(Hang, Tell());
  ASSERT_TRUE(AwaitTold(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(told_[0].status())) << told_[0].status();
  // It was told to end by that.
  inquiries_.reset();
}

TEST_F(InquiriesTest, RefuseWhileAnOverdueOneHangs) {
  Make(std::chrono::milliseconds(50));
  std::promise<void> end;
  inquiries_->Ask<int>(
      [ended = end.get_future()](int) -> absl::StatusOr<int> {
        const host::WaitNote note("reading", "/net/x");
        ended.wait();
        return 0;
      },
      Tell());
  ASSERT_TRUE(AwaitTold(1));
  EXPECT_THAT(std::string(told_[0].status().message()), StartsWith("still reading /net/x after"));
  inquiries_->Ask<int>([](int) { return 7; }, Tell());
  ASSERT_TRUE(AwaitTold(2));
  EXPECT_TRUE(absl::IsResourceExhausted(told_[1].status())) << told_[1].status();
  EXPECT_THAT(std::string(told_[1].status().message()), HasSubstr("still reading /net/x"));
  end.set_value();
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] {
    inquiries_->Ask<int>([](int) { return 7; }, Tell());
    return told_.back().ok();
  }));
}

TEST_F(InquiriesTest, RefuseMoreThanMayWait) {
  Make(kLong);
  for (std::size_t i = 0; i <= Inquiries::kMostWaiting; ++i) inquiries_->Ask<int>(Hang, Tell());
  ASSERT_TRUE(AwaitTold(1));
  EXPECT_THAT(std::string(told_[0].status().message()), HasSubstr("too many"));
}

TEST_F(InquiriesTest, TellNobodyAfterTheirEnd) {
  Make(kLong);
  inquiries_->Ask<int>(Hang, Tell());
  inquiries_.reset();
  loop_->Post([this] { loop_->Stop(); });
  ASSERT_TRUE(loop_->Run().ok());
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace muster::master
