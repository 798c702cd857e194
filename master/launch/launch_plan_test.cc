#include "muster/master/launch/launch_plan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(LaunchPlan, ArrivesAsItWas) {
  LaunchPlan sent;
  sent.user = 33;
  sent.group = 34;
  sent.groups = {35, 36};
  sent.no_new_privs = true;
  sent.drops_capabilities = true;
  sent.nofile = 1024;
  sent.core = 0;
  sent.memlock = ~std::uint64_t{0};
  sent.address_space = 1 << 30;
  sent.nice = -5;
  sent.cpus = {0, 7};
  sent.environment = {"A=1", "B="};
  sent.folder = "/srv";

  const auto plan = LaunchPlan::Parse(sent.Serialize());

  ASSERT_TRUE(plan.has_value());
  EXPECT_THAT(plan->user, Optional(33));
  EXPECT_THAT(plan->group, Optional(34));
  EXPECT_THAT(plan->groups, Optional(ElementsAre(35, 36)));
  EXPECT_TRUE(plan->no_new_privs);
  EXPECT_TRUE(plan->drops_capabilities);
  EXPECT_THAT(plan->nofile, Optional(1024));
  EXPECT_THAT(plan->core, Optional(0));
  EXPECT_THAT(plan->memlock, Optional(~std::uint64_t{0}));
  EXPECT_THAT(plan->address_space, Optional(1 << 30));
  EXPECT_THAT(plan->nice, Optional(-5));
  EXPECT_THAT(plan->cpus, ElementsAre(0, 7));
  EXPECT_THAT(plan->environment, ElementsAre("A=1", "B="));
  EXPECT_EQ(plan->folder, "/srv");
}

TEST(LaunchPlan, NeedsALauncherForMoreThanIsInherited) {
  LaunchPlan plan;
  plan.no_new_privs = true;
  plan.environment = {"A=1"};
  EXPECT_FALSE(plan.needs_launcher());
  plan.nofile = 100;
  EXPECT_TRUE(plan.needs_launcher());
}

TEST(LaunchPlan, TellsNoGroupsFromUnsetGroups) {
  LaunchPlan none;
  none.groups.emplace();
  const auto plan = LaunchPlan::Parse(none.Serialize());
  const auto unset = LaunchPlan::Parse(LaunchPlan().Serialize());
  ASSERT_TRUE(plan.has_value() && unset.has_value());
  EXPECT_THAT(plan->groups, Optional(IsEmpty()));
  EXPECT_FALSE(unset->groups.has_value());
  EXPECT_FALSE(unset->user.has_value());
}

TEST(LaunchPlan, RefusesBytesThatAreNone) {
  const std::string good = LaunchPlan().Serialize();
  const std::string end(1, '\0');
  EXPECT_FALSE(LaunchPlan::Parse("").has_value());
  EXPECT_FALSE(LaunchPlan::Parse(good.substr(0, good.size() - 1)).has_value());
  EXPECT_FALSE(LaunchPlan::Parse(good + "user" + end).has_value());
  EXPECT_FALSE(LaunchPlan::Parse(good + "user" + end + "root" + end).has_value());
  EXPECT_FALSE(LaunchPlan::Parse(good + "wings" + end + "2" + end).has_value());
}

}  // namespace
}  // namespace muster::master
