// What the service manager is told.

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using What = NotifyAction::What;

TEST_F(SupervisorCoreTest, NotifiesWhenItServes) {
  settings_.workers = 1;
  Give(StartEvent{settings_});
  EXPECT_THAT(notified_, IsEmpty());
  Give(ReadyEvent{0});
  EXPECT_THAT(notified_, ElementsAre(What::kReady));
}

TEST_F(SupervisorCoreTest, NotifiesOfAReloadAndOfItsEnd) {
  StartServing(1);
  BeginReload(5);
  EXPECT_THAT(notified_, ElementsAre(What::kReloading));
  Give(ReadyEvent{1});
  EXPECT_THAT(notified_, ElementsAre(What::kReloading));  // the old worker has not answered yet
  for (std::uint32_t slot : {0u, 1u}) Acknowledge(slot);
  EXPECT_THAT(notified_, ElementsAre(What::kReloading, What::kReady));
}

TEST_F(SupervisorCoreTest, NotifiesOfARefusedReloadAsOfAGoodOne) {
  StartServing(1);
  Give(ReloadEvent{5});
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("no")});
  EXPECT_THAT(notified_, ElementsAre(What::kReloading, What::kReady));
}

TEST_F(SupervisorCoreTest, NotifiesOfEachReloadThatBegins) {
  StartServing(1);
  Give(ReloadEvent{5});
  Give(ReloadEvent{6});
  Give(ReloadEvent{7});
  EXPECT_THAT(notified_, ElementsAre(What::kReloading));
  // The two that came meanwhile are one.
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("no")});
  EXPECT_THAT(notified_, ElementsAre(What::kReloading, What::kReady, What::kReloading));
  Give(LoadRefusedEvent{load_, absl::InvalidArgumentError("no")});
  EXPECT_THAT(notified_,
              ElementsAre(What::kReloading, What::kReady, What::kReloading, What::kReady));
}

TEST_F(SupervisorCoreTest, NotifiesOfAStopOnce) {
  StartServing(1);
  Give(QuitEvent{});
  Give(StopEvent{});
  EXPECT_THAT(notified_, ElementsAre(What::kStopping));
}

TEST_F(SupervisorCoreTest, NotifiesThatAReloadEndedBeforeItNotifiesOfTheStop) {
  StartServing(1);
  Give(ReloadEvent{5});
  Give(StopEvent{});
  EXPECT_THAT(notified_, ElementsAre(What::kReloading, What::kReady, What::kStopping));
}

TEST_F(SupervisorCoreTest, NotifiesOfAPause) {
  StartServing(1);
  Give(PauseEvent{});
  EXPECT_THAT(notified_, ElementsAre(What::kReady));
}

}  // namespace
}  // namespace muster::master
