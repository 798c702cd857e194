#include "muster/worker/throttle/throttled_log.h"

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/testkit/fake_context.h"

namespace muster::worker {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ThrottledLogTest : public testing::Test {
 protected:
  // Those since it was asked last.
  std::vector<std::string> NewLines() {
    std::vector<std::string> lines;
    const auto all = context_.log_lines();
    for (; seen_ < all.size(); ++seen_) lines.push_back(all[seen_].text);
    return lines;
  }

  testkit::FakeContext context_;
  static std::string CountLine(const LineThrottle::Count& count) {
    return absl::StrCat(count.lines, " more ", count.kind);
  }

  ThrottledLog log_{context_, CountLine};
  std::size_t seen_ = 0;
};

TEST_F(ThrottledLogTest, WritesTheFirstOfEachKindAndThenTheNumberOfOthers) {
  for (int i = 0; i < 1000; ++i) {
    log_.Write(config::v1::Log::ERROR, "a", absl::StrCat("a ", i));
    log_.Write(config::v1::Log::INFO, "b", absl::StrCat("b ", i));
  }
  EXPECT_THAT(NewLines(), ElementsAre("a 0", "b 0"));
  EXPECT_EQ(context_.log_lines()[1].level, config::v1::Log::INFO);
  context_.Advance(seconds(9));
  EXPECT_THAT(NewLines(), IsEmpty());
  context_.Advance(seconds(1));
  EXPECT_THAT(NewLines(), ElementsAre("999 more a", "999 more b"));
  context_.Advance(seconds(100));
  EXPECT_THAT(NewLines(), IsEmpty());
  log_.Write(config::v1::Log::ERROR, "a", "a again");
  EXPECT_THAT(NewLines(), ElementsAre("a again"));
}

TEST_F(ThrottledLogTest, GoesOnCountingWhileTheyGoOn) {
  for (int i = 0; i < 25; ++i) {
    log_.Write(config::v1::Log::ERROR, "a", "a");
    context_.Advance(seconds(1));
  }
  EXPECT_THAT(NewLines(), ElementsAre("a", "9 more a", "10 more a"));
}

TEST_F(ThrottledLogTest, TellsAtItsEndHowManyOthersThereWere) {
  {
    ThrottledLog log(context_, CountLine);
    for (int i = 0; i < 3; ++i) log.Write(config::v1::Log::ERROR, "a", "a");
    log.Write(config::v1::Log::ERROR, "b", "b");
    EXPECT_THAT(NewLines(), ElementsAre("a", "b"));
  }
  EXPECT_THAT(NewLines(), ElementsAre("2 more a"));
}

}  // namespace
}  // namespace muster::worker
