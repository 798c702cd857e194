#include "muster/master/upkeep/zone_upkeep.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/loop/test_timers.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

// A zone with one worker in it, in slot 0, whose name is known.
class ZoneUpkeepTest : public testing::Test {
 protected:
  void SetUp() override {
    config::v1::Log config;
    config.set_path(path_);
    ASSERT_TRUE(log_.Configure(config).ok());
  }
  std::string LogText() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::ptrdiff_t LogLines() const {
    const std::string text = LogText();
    return std::count(text.begin(), text.end(), '\n');
  }
  void Damage() { zone_.accept_mutex_state()->word = ~0u; }

  const std::string path_ = absl::StrCat(
      testing::TempDir(), testing::UnitTest::GetInstance()->current_test_info()->name(), ".log");
  Log log_;
  loop::TestTimers timers_;
  const worker::SharedZone zone_ = *worker::SharedZone::Create(4);
  const ipc::OwnerTag tag_ = *zone_.Reserve(0);
  int restored_ = 0;
  const ZoneUpkeep upkeep_{
      timers_,
      log_,
      zone_,
      {.restore_rest = [this] { ++restored_; },
       .name_of = [](std::uint32_t slot) { return slot == 0 ? "worker 3" : ""; }}};
};

TEST_F(ZoneUpkeepTest, LooksTwiceASecond) {
  timers_.RunAt(ZoneUpkeep::kInterval);
  EXPECT_EQ(restored_, 1);
  timers_.RunAt(2 * ZoneUpkeep::kInterval);
  EXPECT_EQ(restored_, 2);
  EXPECT_EQ(LogText(), "");
}

TEST_F(ZoneUpkeepTest, StoresTheStateOfASlotAgain) {
  zone_.registry().Store(tag_, ipc::ParticipantState::kDead);
  timers_.RunAt(ZoneUpkeep::kInterval);
  EXPECT_TRUE(zone_.registry().IsLive(tag_));
}

TEST_F(ZoneUpkeepTest, FreesADamagedAcceptMutex) {
  Damage();
  timers_.RunAt(ZoneUpkeep::kInterval);
  EXPECT_THAT(LogText(), HasSubstr("the accept mutex was damaged; it is free again"));
  ipc::Mutex mutex(zone_.accept_mutex_state(), zone_.registry(), tag_);
  EXPECT_EQ(mutex.TryLock(), ipc::LockOutcome::kOwnerDied);
}

TEST_F(ZoneUpkeepTest, NamesTheWorkerThatDoesNotGiveTheAcceptMutexBack) {
  ipc::Mutex mutex(zone_.accept_mutex_state(), zone_.registry(), tag_);
  ASSERT_EQ(mutex.TryLock(), ipc::LockOutcome::kAcquired);
  timers_.RunAt(ZoneUpkeep::kInterval);
  EXPECT_EQ(LogText(), "") << "its turn may have just begun";
  timers_.RunAt(2 * ZoneUpkeep::kInterval);
  EXPECT_THAT(LogText(), HasSubstr("worker 3 does not give the accept mutex back"));
}

TEST_F(ZoneUpkeepTest, WarnsOnceAMinute) {
  Damage();
  timers_.RunAt(ZoneUpkeep::kInterval);
  Damage();
  timers_.RunAt(ZoneUpkeep::kBetweenWarnings);
  EXPECT_EQ(LogLines(), 1);
  Damage();
  timers_.RunAt(ZoneUpkeep::kBetweenWarnings + ZoneUpkeep::kInterval);
  EXPECT_EQ(LogLines(), 2);
}

}  // namespace
}  // namespace muster::master
