#include "muster/ctl/command/arguments.h"

#include <optional>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using ::testing::ElementsAre;

TEST(Arguments, AreTextsNumbersAndDurations) {
  const Arguments arguments({{"kind", {"a", "b"}},
                             {"from", {"18446744073709551615"}},
                             {"interval", {"1m30s"}},
                             {"follow", {"true"}}});
  EXPECT_THAT(arguments.texts("kind"), ElementsAre("a", "b"));
  EXPECT_EQ(arguments.text("kind"), "b");
  EXPECT_EQ(arguments.number("from"), 18446744073709551615u);
  EXPECT_EQ(arguments.duration("interval"), absl::Seconds(90));
  EXPECT_TRUE(arguments.has("follow"));
}

TEST(Arguments, AreNothingIfTheyWereNotGiven) {
  const Arguments arguments(Arguments::Values{{"from", {}}});
  EXPECT_FALSE(arguments.has("from"));
  EXPECT_EQ(arguments.text("from"), std::nullopt);
  EXPECT_EQ(arguments.number("from"), std::nullopt);
  EXPECT_EQ(arguments.duration("from"), std::nullopt);
}

TEST(ArgumentsDeathTest, HaveNoNamesThatTheCommandHasNot) {
  EXPECT_DEATH(Arguments(Arguments::Values()).has("from"), "from");
}

}  // namespace
}  // namespace muster::ctl
