#include "muster/proto/field_rules.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules_test.pb.h"

namespace muster::config {

bool operator==(const FieldMistake& a, const FieldMistake& b) {
  return a.field == b.field && a.problem == b.problem;
}
void PrintTo(const FieldMistake& mistake, std::ostream* out) {
  *out << mistake.field << ": " << mistake.problem;
}

namespace {

using test::Kinds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Without a mistake, whatever `text` adds or does not add.
Kinds Parse(const std::string& text) {
  Kinds kinds;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &kinds)) << text;
  if (!kinds.has_needed()) kinds.set_needed("x");
  if (kinds.names().empty()) kinds.add_names("x");
  return kinds;
}

// ---- FillDefaults ----

TEST(FieldRules, FillInADefaultOfEachKind) {
  Kinds kinds;
  FillDefaults(&kinds);
  EXPECT_EQ(kinds.i32(), -5);
  EXPECT_EQ(kinds.u32(), 7u);
  EXPECT_EQ(kinds.real(), 0.5);
  EXPECT_TRUE(kinds.flag());
  EXPECT_EQ(kinds.text(), "abc");
  EXPECT_EQ(kinds.colour(), test::GREEN);
  EXPECT_EQ(kinds.wait().nanos(), 500'000'000);
  EXPECT_EQ(kinds.no_presence(), 3u);
}

TEST(FieldRules, KeepWhatIsSetEvenToZero) {
  Kinds kinds = Parse("i32: 0 u32: 0 text: '' colour: RED flag: false wait {}");
  FillDefaults(&kinds);
  EXPECT_EQ(kinds.i32(), 0);
  EXPECT_EQ(kinds.u32(), 0u);
  EXPECT_EQ(kinds.text(), "");
  EXPECT_EQ(kinds.colour(), test::RED);
  EXPECT_FALSE(kinds.flag());
  EXPECT_EQ(kinds.wait().nanos(), 0);
}

TEST(FieldRules, LeaveWhatHasNoDefault) {
  Kinds kinds;
  FillDefaults(&kinds);
  EXPECT_FALSE(kinds.has_i64());
  EXPECT_FALSE(kinds.has_needed());
  EXPECT_FALSE(kinds.has_sometimes());
  EXPECT_EQ(kinds.choice_case(), Kinds::CHOICE_NOT_SET);
}

TEST(FieldRules, MakeAMessageWhoseDefaultIsAnEmptyOne) {
  Kinds kinds;
  FillDefaults(&kinds);
  EXPECT_EQ(kinds.always().size(), 4u);
}

TEST(FieldRules, FillInTheMessagesThatAreSet) {
  Kinds kinds = Parse("sometimes { deeper {} } many { size: 1 } many {} left {}");
  FillDefaults(&kinds);
  EXPECT_EQ(kinds.sometimes().size(), 4u);
  EXPECT_EQ(kinds.sometimes().deeper().size(), 4u);
  EXPECT_EQ(kinds.many(0).size(), 1u);
  EXPECT_EQ(kinds.many(1).size(), 4u);
  EXPECT_EQ(kinds.left().size(), 4u);
}

// ---- CheckRules ----

TEST(FieldRules, FindNothingInWhatIsRight) {
  Kinds kinds = Parse("sometimes { deeper {} } many {} right: 'x' i64: -9000000000");
  FillDefaults(&kinds);
  EXPECT_THAT(CheckRules(kinds), IsEmpty());
}

TEST(FieldRules, SayBothBoundsOfANumber) {
  EXPECT_THAT(CheckRules(Parse("i32: -11 u32: 0")),
              ElementsAre(FieldMistake{"i32", "is -11; must be from -10 to 10"},
                          FieldMistake{"u32", "is 0; must be from 1 to 9"}));
}

TEST(FieldRules, SayTheOnlyBoundOfANumber) {
  EXPECT_THAT(CheckRules(Parse("i64: -9000000001 u64: 18446744073709551615")),
              ElementsAre(FieldMistake{"i64", "is -9000000001; must be at least -9000000000"},
                          FieldMistake{"u64",
                                       "is 18446744073709551615; must be at most "
                                       "18446744073709551614"}));
}

TEST(FieldRules, BoundFractions) {
  EXPECT_THAT(CheckRules(Parse("real: 1.5 small: 2")),
              ElementsAre(FieldMistake{"real", "is 1.5; must be from 0 to 1"},
                          FieldMistake{"small", "is 2; must be at most 1"}));
}

TEST(FieldRules, BoundTheBytesOfAString) {
  EXPECT_THAT(CheckRules(Parse("text: 'abcde'")),
              ElementsAre(FieldMistake{"text", "has 5 bytes; must have from 2 to 4"}));
  EXPECT_THAT(CheckRules(Parse("text: ''")), ElementsAre(FieldMistake{"text", "is empty"}));
}

TEST(FieldRules, RefuseTextThatIsNotUtf8) {
  Kinds kinds = Parse("names: 'x'");
  kinds.set_text("a\xff");
  kinds.add_names("\xc3");
  EXPECT_THAT(CheckRules(kinds), ElementsAre(FieldMistake{"text", "is not UTF-8"},
                                             FieldMistake{"names[1]", "is not UTF-8"}));
}

TEST(FieldRules, BoundTheElementsOfARepeatedField) {
  EXPECT_THAT(CheckRules(Parse("names: 'a' names: 'b' names: 'c'")),
              ElementsAre(FieldMistake{"names", "has 3 elements; must have from 1 to 2"}));
}

TEST(FieldRules, MissWhatIsRequired) {
  Kinds kinds = Parse("");
  kinds.clear_needed();
  EXPECT_THAT(CheckRules(kinds), ElementsAre(FieldMistake{"needed", "is missing"}));
  kinds.set_needed("");
  EXPECT_THAT(CheckRules(kinds), ElementsAre(FieldMistake{"needed", "is empty"}));
}

TEST(FieldRules, BoundDurations) {
  EXPECT_THAT(CheckRules(Parse("wait { seconds: 61 }")),
              ElementsAre(FieldMistake{"wait", "is 61s; must be from 1ms to 60s"}));
  EXPECT_THAT(CheckRules(Parse("wait { nanos: 500000 }")),
              ElementsAre(FieldMistake{"wait", "is 0.0005s; must be from 1ms to 60s"}));
}

TEST(FieldRules, RefuseADurationOutOfItsFormat) {
  EXPECT_THAT(CheckRules(Parse("wait { seconds: 1 nanos: -1 }")),
              ElementsAre(FieldMistake{"wait",
                                       "is no valid duration; seconds and nanos must have one "
                                       "sign, and nanos be under a second"}));
}

TEST(FieldRules, RefuseAnEnumValueWithoutAName) {
  Kinds kinds = Parse("");
  kinds.set_colour(static_cast<test::Colour>(9));
  EXPECT_THAT(CheckRules(kinds), ElementsAre(FieldMistake{"colour",
                                                          "is 9; must be one of RED, "
                                                          "GREEN"}));
}

TEST(FieldRules, NameTheWholePathOfAField) {
  EXPECT_THAT(CheckRules(Parse("sometimes { deeper { size: 9 } } many {} many { size: 10 }")),
              ElementsAre(FieldMistake{"sometimes.deeper.size", "is 9; must be at most 8"},
                          FieldMistake{"many[1].size", "is 10; must be at most 8"}));
}

TEST(FieldRules, ReportARuleThatCannotBeRead) {
  test::Broken broken;
  broken.set_bound(1);
  EXPECT_THAT(CheckRules(broken),
              ElementsAre(FieldMistake{"bound",
                                       "its rule in the schema has a bound that cannot be "
                                       "read"},
                          FieldMistake{"preset",
                                       "its rule in the schema has a default that cannot "
                                       "be read"}));
}

// ---- The schema of muster ----

TEST(FieldRules, HoldForTheDefaultsOfTheConfiguration) {
  v1::Config config;
  config.add_listen()->set_address("127.0.0.1:80");
  v1::Location* location = config.mutable_http()->add_location();
  location->set_path("/");
  location->mutable_return_();
  FillDefaults(&config);
  EXPECT_THAT(CheckRules(config), IsEmpty());
  EXPECT_EQ(config.accept(), v1::EXCLUSIVE);
  EXPECT_EQ(config.log().level(), v1::Log::INFO);
  EXPECT_EQ(config.admin().listen(0), "unix:run/admin.sock");
  EXPECT_EQ(config.listen(0).backlog(), 511u);
  EXPECT_EQ(config.http().location(0).return_().status(), 200u);
  EXPECT_FALSE(config.http().has_access_log());
}

TEST(FieldRules, GiveAnEmptyListOfTextsItsOnlyElement) {
  Kinds kinds;
  FillDefaults(&kinds);
  EXPECT_THAT(kinds.names(), ElementsAre("ann"));
  kinds.set_names(0, "bob");
  FillDefaults(&kinds);
  EXPECT_THAT(kinds.names(), ElementsAre("bob"));
}

}  // namespace
}  // namespace muster::config
