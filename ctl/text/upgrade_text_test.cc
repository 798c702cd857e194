#include "muster/ctl/text/upgrade_text.h"

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using admin::v1::Upgrade;

Upgrade In(Upgrade::State state) {
  Upgrade upgrade;
  upgrade.set_from_version("0.1.0");
  upgrade.set_to_version("0.2.0");
  upgrade.mutable_took()->set_nanos(340'900'000);
  upgrade.set_reason("it got SIGSEGV");
  upgrade.set_state(state);
  return upgrade;
}

TEST(DescribeUpgrade, TellsWhatBecameOfIt) {
  EXPECT_EQ(DescribeUpgrade(In(Upgrade::COMMITTED)), "upgraded 0.1.0 to 0.2.0 in 340 ms");
  EXPECT_EQ(DescribeUpgrade(In(Upgrade::REFUSED)), "refused, nothing changed: it got SIGSEGV");
  EXPECT_EQ(DescribeUpgrade(In(Upgrade::UNDONE)), "undone: it got SIGSEGV");
  EXPECT_EQ(DescribeUpgrade(In(Upgrade::ON_TRIAL)),
            "upgraded 0.1.0 to 0.2.0 in 340 ms; on trial, ctl undo goes back; it could not: it got "
            "SIGSEGV");
  Upgrade bounded = In(Upgrade::ON_TRIAL);
  bounded.clear_reason();
  EXPECT_EQ(DescribeUpgrade(bounded),
            "upgraded 0.1.0 to 0.2.0 in 340 ms; on trial, ctl undo goes back");
  bounded.mutable_trial_until()->set_seconds(1);
  EXPECT_NE(DescribeUpgrade(bounded).find("; on trial until 19"), std::string::npos);
}

TEST(IsDecided, IsWhatWaitsForNobody) {
  for (const auto state : {Upgrade::TRYING, Upgrade::CHANGING, Upgrade::UNDOING}) {
    EXPECT_FALSE(IsDecided(In(state))) << Upgrade::State_Name(state);
  }
  for (const auto state :
       {Upgrade::ON_TRIAL, Upgrade::COMMITTED, Upgrade::REFUSED, Upgrade::UNDONE}) {
    EXPECT_TRUE(IsDecided(In(state))) << Upgrade::State_Name(state);
  }
}

}  // namespace
}  // namespace muster::ctl
