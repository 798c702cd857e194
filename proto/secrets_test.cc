#include "muster/proto/secrets.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/field_rules_test.pb.h"

namespace muster::config {
namespace {

using test::Kinds;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Secrets, AreShownAsStars) {
  Kinds kinds;
  kinds.set_text("seen");
  kinds.set_password("hunter2");
  kinds.set_seed("hunter2");
  EXPECT_EQ(OneLineWithoutSecrets(kinds), R"(text: "seen" password: "***" seed: "***")");
}

TEST(Secrets, DoNotTellThatTheyAreEmptyByHavingNone) {
  EXPECT_EQ(OneLineWithoutSecrets(Kinds()), "");
}

TEST(Secrets, OfOtherKindsThanTextAreLeftOut) {
  Kinds kinds;
  kinds.set_pin(1234);
  EXPECT_EQ(OneLineWithoutSecrets(kinds), "");
}

TEST(Secrets, AreMaskedEachByItself) {
  Kinds kinds;
  kinds.add_keys("a");
  kinds.add_keys("b");
  EXPECT_EQ(OneLineWithoutSecrets(kinds), R"(keys: "***" keys: "***")");
}

TEST(Secrets, AreFoundInAnAny) {
  Kinds inner;
  inner.set_password("hunter2");
  Kinds kinds;
  kinds.mutable_extra()->PackFrom(inner);
  const std::string line = OneLineWithoutSecrets(kinds);
  EXPECT_THAT(line, HasSubstr("***"));
  EXPECT_THAT(line, Not(HasSubstr("hunter2")));
}

TEST(Secrets, MayBeInAnAnyOfAnUnknownType) {
  Kinds kinds;
  kinds.mutable_extra()->set_type_url("type.googleapis.com/muster.unheard.Of");
  kinds.mutable_extra()->set_value("hunter2");
  EXPECT_THAT(OneLineWithoutSecrets(kinds), Not(HasSubstr("hunter2")));
}

TEST(Secrets, StayInTheMessageThatIsPrinted) {
  Kinds kinds;
  kinds.set_password("hunter2");
  OneLineWithoutSecrets(kinds);
  EXPECT_EQ(kinds.password(), "hunter2");
}

}  // namespace
}  // namespace muster::config
