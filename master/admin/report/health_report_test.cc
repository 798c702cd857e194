#include "muster/master/admin/report/health_report.h"

#include <chrono>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// A core with two workers.
class HealthReportTest : public testing::Test {
 protected:
  // All goes well.
  void Give(const Event& event) {
    for (const Action& action : core_.Handle(event, now_)) {
      if (const auto* listen = std::get_if<ListenAction>(&action)) {
        Give(ListeningEvent{listen->generation});
      } else if (const auto* send = std::get_if<SendAction>(&action)) {
        if (send->token != 0) Give(AckedEvent{send->slot, send->token});
      }
    }
  }
  void Serve() {
    Give(StartEvent{settings_});
    for (std::uint32_t slot : {0u, 1u}) {
      Give(SpawnedEvent{slot, static_cast<pid_t>(100 + slot)});
      Give(ReadyEvent{slot});
    }
  }
  HealthBoard::States All() { return ReportHealth(core_, 2, {}, {"127.0.0.1:80", "unix:/a\n"}); }
  HealthBoard::States Report(const std::set<std::uint32_t>& silent = {}) {
    HealthBoard::States states = ReportHealth(core_, 2, silent, {});
    EXPECT_EQ(states.extract("muster.worker").mapped(), states.at(""));
    EXPECT_EQ(states.extract("muster.admin").mapped(), states.at("muster.admin.v1.Admin"));
    return states;
  }
  bool Serves() { return Report().at(""); }

  SupervisorCore core_{16};
  TimePoint now_{};
  const Settings settings_ = {
      .workers = 2, .ready_timeout = seconds(10), .shutdown_timeout = seconds(10)};
};

TEST_F(HealthReportTest, TellsThatNobodyServesBeforeTheStart) {
  EXPECT_THAT(Report(), UnorderedElementsAre(Pair("", false), Pair("muster.admin.v1.Admin", true),
                                             Pair("worker/0", false), Pair("worker/1", false)));
  Give(StartEvent{settings_});
  EXPECT_FALSE(Serves());
}

TEST_F(HealthReportTest, TellsWhoServes) {
  Serve();
  EXPECT_THAT(Report(), UnorderedElementsAre(Pair("", true), Pair("muster.admin.v1.Admin", true),
                                             Pair("worker/0", true), Pair("worker/1", true)));
}

TEST_F(HealthReportTest, HasANameForEachListener) {
  const HealthBoard::States before = All();
  EXPECT_FALSE(before.at("listener/127.0.0.1:80"));
  EXPECT_FALSE(before.at("listener/unix:/a\\x0a"));
  Serve();
  EXPECT_TRUE(All().at("listener/127.0.0.1:80"));
}

TEST_F(HealthReportTest, TellsThatAWorkerThatDiedDoesNotServe) {
  Serve();
  Give(ExitedEvent{1, {}});
  EXPECT_THAT(Report(), UnorderedElementsAre(Pair("", true), Pair("muster.admin.v1.Admin", true),
                                             Pair("worker/0", true), Pair("worker/1", false)));
  Give(ExitedEvent{0, {}});
  EXPECT_FALSE(Serves());
}

TEST_F(HealthReportTest, TellsThatAWorkerThatDoesNotRunDoesNotServe) {
  Serve();
  EXPECT_FALSE(Report({0}).at("worker/0"));
  EXPECT_TRUE(Report({0}).at(""));
  EXPECT_FALSE(Report({0, 1}).at(""));
}

TEST_F(HealthReportTest, TellsThatNobodyServesDuringAPause) {
  Serve();
  Give(PauseEvent{});
  EXPECT_THAT(Report(), UnorderedElementsAre(Pair("", false), Pair("muster.admin.v1.Admin", true),
                                             Pair("worker/0", false), Pair("worker/1", false)));
}

TEST_F(HealthReportTest, TellsThatNothingServesWhileTheMasterStops) {
  Serve();
  Give(QuitEvent{});
  EXPECT_THAT(Report(), UnorderedElementsAre(Pair("", false), Pair("muster.admin.v1.Admin", false),
                                             Pair("worker/0", false), Pair("worker/1", false)));
}

TEST_F(HealthReportTest, TellsOfTheNewWorkersOnlyOnceTheyAreCommitted) {
  Serve();
  Give(ReloadEvent{});
  Give(LoadedEvent{1, settings_});
  Give(ReadyEvent{2});
  EXPECT_TRUE(Serves());
  Give(ExitedEvent{0, {}});
  EXPECT_FALSE(Report().at("worker/0"));  // ready is the new one, and it does not serve yet
  Give(ReadyEvent{3});
  EXPECT_TRUE(Report().at("worker/0"));
  EXPECT_TRUE(Report().at("worker/1"));
}

TEST_F(HealthReportTest, NamesAWorkerThatWasAdded) {
  Settings settings = settings_;
  settings.can_scale = true;
  Give(StartEvent{settings});
  Give(ReadyEvent{0});
  Give(ReadyEvent{1});
  Give(ScaleEvent{+1});
  EXPECT_FALSE(Report().at("worker/2"));
  Give(ReadyEvent{2});
  EXPECT_TRUE(Report().at("worker/2"));
}

}  // namespace
}  // namespace muster::master
