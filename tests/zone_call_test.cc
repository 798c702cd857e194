// What operators are told of the memory that workers share.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST(ZoneCall, ShowsTheZonesAndWhoTakesPart) {
  RunningMaster muster(RunningMaster::Config("zone { name: 'z' size_bytes: 65536 }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const Finished zones = muster.Ctl({"zones"});
  EXPECT_EQ(zones.exit, 0) << zones.errors;
  EXPECT_THAT(zones.output, ContainsRegex("\nz +64.0 KiB +0 B +0 +2 +0 +0 +-\n"));
}

TEST(ZoneCall, ShowsWhoHoldsTheAcceptMutex) {
  RunningMaster muster(RunningMaster::Config("accept: MUTEX\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::string locks;
  ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status&) {
    locks = muster.Ctl({"locks", "--in-use"}).output;
    return locks.find("worker") != locks.npos;
  })) << locks;
  EXPECT_THAT(locks, ContainsRegex("accept_mutex +mutex +[0-9]+ +0 +worker [01] of generation 1"));
}

TEST(ZoneCall, NamesAZoneThatIsNotThere) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const Finished locks = muster.Ctl({"locks", "nowhere"});
  EXPECT_EQ(locks.exit, 1);
  EXPECT_THAT(locks.errors, HasSubstr("there is no zone \"nowhere\""));
}

TEST(ZoneCall, TellsWhatTheWorkersUseOfTheMachine) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  EXPECT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    for (const admin::v1::Worker& worker : status.workers()) {
      if (worker.threads() == 0 || worker.resident_bytes() == 0) return false;
    }
    return status.workers_size() == 2;
  }));
}

}  // namespace
}  // namespace muster::tests
