#include "muster/config/config_mistake.h"

#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

TEST(ConfigMistake, IsBesideTheErrorThatHasIt) {
  const absl::Status status = WithMistakes(absl::InvalidArgumentError("m:1:2: a: is b\nis c"),
                                           {{"a", 1, 2, "is b"}, {"", 0, 0, "is c"}});
  EXPECT_EQ(status.message(), "m:1:2: a: is b\nis c");
  const std::vector<ConfigMistake> mistakes = MistakesOf(status);
  ASSERT_EQ(mistakes.size(), 2u);
  EXPECT_EQ(mistakes[0].field, "a");
  EXPECT_EQ(mistakes[0].line, 1);
  EXPECT_EQ(mistakes[0].column, 2);
  EXPECT_EQ(mistakes[0].problem, "is b");
  EXPECT_EQ(mistakes[1].field, "");
  EXPECT_EQ(mistakes[1].line, 0);
  EXPECT_EQ(mistakes[1].problem, "is c");
}

TEST(ConfigMistake, IsNotInOtherErrors) {
  EXPECT_TRUE(MistakesOf(absl::NotFoundError("x")).empty());
  EXPECT_TRUE(MistakesOf(absl::OkStatus()).empty());
}

}  // namespace
}  // namespace muster::config
