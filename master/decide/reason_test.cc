#include "muster/master/decide/reason.h"

#include "gtest/gtest.h"

namespace muster::master {
namespace {

TEST(WithReason, HasAReasonOfOneLineInTheSameLine) {
  EXPECT_EQ(WithReason("cannot start", "open m: No such file or directory"),
            "cannot start: open m: No such file or directory");
}

TEST(WithReason, BeginsSeveralLinesBelow) {
  EXPECT_EQ(WithReason("cannot start", "m:1:1: one\nm:2:1: two"),
            "cannot start:\nm:1:1: one\nm:2:1: two");
}

}  // namespace
}  // namespace muster::master
