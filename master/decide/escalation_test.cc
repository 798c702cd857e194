#include "muster/master/decide/escalation.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;

TEST(Escalation, DoublesFromFiftyMillisecondsAndKillsPastASecond) {
  Escalation escalation;
  EXPECT_EQ(escalation.Next(), milliseconds(50));
  EXPECT_EQ(escalation.Next(), milliseconds(100));
  EXPECT_EQ(escalation.Next(), milliseconds(200));
  EXPECT_EQ(escalation.Next(), milliseconds(400));
  EXPECT_EQ(escalation.Next(), milliseconds(800));
  EXPECT_EQ(escalation.Next(), Duration::zero());
}

}  // namespace
}  // namespace muster::master
