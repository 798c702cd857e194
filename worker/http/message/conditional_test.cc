#include "muster/worker/http/message/conditional.h"

#include <string>

#include "gtest/gtest.h"
#include "muster/worker/http/message/http_date.h"

namespace muster::worker::http {
namespace {

using enum PreconditionResult;

constexpr std::int64_t kModified = 1'700'000'000;
const Validators kValidators = {"\"a\"", kModified};
const std::string kBefore = FormatHttpDate(kModified - 1);
const std::string kSame = FormatHttpDate(kModified);
const std::string kAfter = FormatHttpDate(kModified + 1);

TEST(Conditional, ProceedsWithoutConditions) { EXPECT_EQ(Evaluate({}, kValidators), kProceed); }

TEST(Conditional, IsNotModifiedWhenIfNoneMatchHasTheTag) {
  EXPECT_EQ(Evaluate({.if_none_match = "\"a\""}, kValidators), kNotModified);
  EXPECT_EQ(Evaluate({.if_none_match = "W/\"a\""}, kValidators), kNotModified);
  EXPECT_EQ(Evaluate({.if_none_match = "*"}, kValidators), kNotModified);
  EXPECT_EQ(Evaluate({.if_none_match = "\"b\""}, kValidators), kProceed);
}

TEST(Conditional, IsNotModifiedUnlessModifiedSince) {
  EXPECT_EQ(Evaluate({.if_modified_since = kBefore}, kValidators), kProceed);
  EXPECT_EQ(Evaluate({.if_modified_since = kSame}, kValidators), kNotModified);
  EXPECT_EQ(Evaluate({.if_modified_since = kAfter}, kValidators), kNotModified);
}

TEST(Conditional, PrefersIfNoneMatchToIfModifiedSince) {
  EXPECT_EQ(Evaluate({.if_none_match = "\"b\"", .if_modified_since = kAfter}, kValidators),
            kProceed);
}

TEST(Conditional, FailsWhenIfMatchHasNotTheTag) {
  EXPECT_EQ(Evaluate({.if_match = "\"b\""}, kValidators), kFailed);
  EXPECT_EQ(Evaluate({.if_match = "W/\"a\""}, kValidators), kFailed);
  EXPECT_EQ(Evaluate({.if_match = "\"a\""}, kValidators), kProceed);
  EXPECT_EQ(Evaluate({.if_match = "*"}, kValidators), kProceed);
}

TEST(Conditional, FailsWhenModifiedSince) {
  EXPECT_EQ(Evaluate({.if_unmodified_since = kBefore}, kValidators), kFailed);
  EXPECT_EQ(Evaluate({.if_unmodified_since = kSame}, kValidators), kProceed);
}

TEST(Conditional, PrefersIfMatchToIfUnmodifiedSince) {
  EXPECT_EQ(Evaluate({.if_match = "\"a\"", .if_unmodified_since = kBefore}, kValidators), kProceed);
}

TEST(Conditional, FailsBeforeItIsNotModified) {
  EXPECT_EQ(Evaluate({.if_match = "\"b\"", .if_none_match = "\"a\""}, kValidators), kFailed);
  EXPECT_EQ(Evaluate({.if_match = "\"a\"", .if_none_match = "\"a\""}, kValidators), kNotModified);
}

TEST(Conditional, IgnoresADateThatItCannotRead) {
  EXPECT_EQ(Evaluate({.if_modified_since = "tomorrow"}, kValidators), kProceed);
  EXPECT_EQ(Evaluate({.if_unmodified_since = "yesterday"}, kValidators), kProceed);
}

TEST(IfRange, HoldsForTheSameStrongTag) {
  EXPECT_TRUE(IfRangeHolds("\"a\"", kValidators));
  EXPECT_FALSE(IfRangeHolds("\"b\"", kValidators));
  EXPECT_FALSE(IfRangeHolds("W/\"a\"", kValidators));
}

TEST(IfRange, HoldsForNothingThatMayChangeUnnoticed) {
  const Validators weak = {"W/\"a\"", kModified};
  EXPECT_FALSE(IfRangeHolds("\"a\"", weak));
  EXPECT_FALSE(IfRangeHolds("W/\"a\"", weak));
  EXPECT_FALSE(IfRangeHolds(kSame, weak));
}

TEST(IfRange, HoldsForTheVeryDate) {
  EXPECT_TRUE(IfRangeHolds(kSame, kValidators));
  EXPECT_FALSE(IfRangeHolds(kAfter, kValidators));
  EXPECT_FALSE(IfRangeHolds(kBefore, kValidators));
  EXPECT_FALSE(IfRangeHolds("", kValidators));
}

}  // namespace
}  // namespace muster::worker::http
