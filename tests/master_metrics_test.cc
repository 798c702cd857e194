// The master's own page for Prometheus, with the real programs. docs/MONITORING.md.

#include <csignal>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

std::string WithMetrics(const std::string& address) {
  return absl::StrReplaceAll(
      RunningMaster::Config(),
      {{"listen: \"unix:admin.sock\"",
        absl::StrCat("listen: 'unix:admin.sock' metrics { listen: '", address, "' }")}});
}

class MasterMetrics : public testing::Test {
 protected:
  // Where the master says that the page is.
  std::string Address() { return muster_.Status().master().metrics_listen(); }
  std::string Page() {
    const auto response = FetchOnce(Address(), "/metrics");
    return response.has_value() ? response->body : "";
  }
  // Asks again until the page has this line.
  bool AwaitLine(const std::string& line) {
    return muster_.AwaitStatus(
        [&](const admin::v1::Status&) { return absl::StrContains(Page(), line + "\n"); });
  }

  RunningMaster muster_{WithMetrics("127.0.0.1:0")};
};

TEST_F(MasterMetrics, TellOfWorkersReloadsCrashesAndCalls) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  ASSERT_TRUE(AwaitLine("muster_master_workers{state=\"serving\"} 2")) << Page();
  EXPECT_THAT(Page(), HasSubstr("muster_master_generation 1\n"));
  EXPECT_THAT(Page(), HasSubstr("muster_master_state{state=\"running\"} 1\n"));
  EXPECT_THAT(muster_.Ctl({"status"}).output, HasSubstr("\nmetrics     " + Address() + "\n"));

  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_TRUE(AwaitLine("muster_master_reload_duration_seconds_count{outcome=\"done\"} 1"))
      << Page();
  EXPECT_THAT(Page(), HasSubstr("muster_master_admin_calls_total{method=\"Reload\","
                                "role=\"OPERATOR\",code=\"OK\"} 1\n"));

  muster_.WriteConfig("nonsense");
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 1);
  EXPECT_TRUE(AwaitLine("muster_master_reload_duration_seconds_count{outcome=\"refused\"} 1"))
      << Page();

  ASSERT_EQ(::kill(muster_.WorkerPids().at(0), SIGKILL), 0);
  EXPECT_TRUE(AwaitLine("muster_master_worker_crashes_total{reason=\"SIGKILL\"} 1")) << Page();
}

TEST_F(MasterMetrics, TellOfRefusedCalls) {
  muster_.WriteConfig(absl::StrReplaceAll(
      WithMetrics("127.0.0.1:0"),
      {{"metrics {", "deny { name: 'd' principal: '*' method: 'Stop' } metrics {"}}));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  EXPECT_EQ(muster_.Ctl({"stop"}).exit, 1);
  EXPECT_TRUE(AwaitLine("muster_master_admin_calls_refused_total 1")) << Page();
}

TEST_F(MasterMetrics, ComeAndGoWithAReload) {
  muster_.WriteConfig(RunningMaster::Config());
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  EXPECT_EQ(Address(), "");
  muster_.WriteConfig(WithMetrics("127.0.0.1:0"));
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_TRUE(AwaitLine("muster_master_generation 2"));
  muster_.WriteConfig(RunningMaster::Config());
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_THAT(muster_.master().errors(), HasSubstr("metrics: no longer listening on "));
}

TEST_F(MasterMetrics, AnswerWhileNoWorkerServes) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  ASSERT_EQ(muster_.Ctl({"pause"}).exit, 0);
  EXPECT_TRUE(AwaitLine("muster_master_state{state=\"paused\"} 1")) << Page();
}

}  // namespace
}  // namespace muster::tests
