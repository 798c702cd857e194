#include "muster/master/metrics/master_exposition.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

TEST(MasterExposition, TellsOfTheMasterAndItsWorkers) {
  admin::v1::Status status;
  status.mutable_master()->set_version("0.1.0");
  status.mutable_master()->set_state(admin::v1::Master::RUNNING);
  status.mutable_master()->set_generation(4);
  status.mutable_master()->set_trials_failed(3);
  status.mutable_master()->set_worker_processes(2);
  for (const std::uint64_t generation : {3, 4, 4}) {
    admin::v1::Worker* const worker = status.add_workers();
    worker->set_generation(generation);
    worker->set_pid(1);
    worker->set_state(generation == 3 ? admin::v1::Worker::DRAINING : admin::v1::Worker::SERVING);
  }
  admin::v1::Worker* const waiting = status.add_workers();
  waiting->set_generation(2);
  waiting->set_state(admin::v1::Worker::BACKOFF);
  const std::string page = MasterExposition(status, {}, 5);
  for (const char* line :
       {"muster_master_info{version=\"0.1.0\"} 1\n", "muster_master_generation 4\n",
        "muster_master_trials_failed_total 3\n", "muster_master_generations 2\n",
        "muster_master_workers_configured 2\n", "muster_master_workers{state=\"serving\"} 2\n",
        "muster_master_workers{state=\"draining\"} 1\n",
        "muster_master_workers{state=\"backoff\"} 1\n",
        "muster_master_workers{state=\"gave_up\"} 0\n",
        "muster_master_state{state=\"running\"} 1\n", "muster_master_state{state=\"paused\"} 0\n",
        "muster_master_log_lines_lost_total 5\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

TEST(MasterExposition, TellsWhatWasCounted) {
  MasterCounts::Values counts;
  counts.reloads_done.Add(0.2);
  counts.crashes["killed by \"x\"\n"] = 3;
  counts.calls[{"/muster.admin.v1.Admin/Reload", 0}] = 6;
  counts.calls[{"/muster.admin.v1.Admin/Stop", 7}] = 2;
  counts.calls[{"", 12}] = 9;
  counts.calls_over_bound = 4;
  counts.streams_over_bound = 5;
  counts.refused_handshakes = 8;
  const std::string page = MasterExposition({}, counts, 0);
  for (const char* line :
       {"muster_master_reload_duration_seconds_bucket{outcome=\"done\",le=\"0.1\"} 0\n",
        "muster_master_reload_duration_seconds_bucket{outcome=\"done\",le=\"0.25\"} 1\n",
        "muster_master_reload_duration_seconds_bucket{outcome=\"done\",le=\"+Inf\"} 1\n",
        "muster_master_reload_duration_seconds_sum{outcome=\"done\"} 0.2\n",
        "muster_master_reload_duration_seconds_count{outcome=\"refused\"} 0\n",
        "muster_master_worker_crashes_total{reason=\"killed by \\\"x\\\"\\n\"} 3\n",
        "muster_master_admin_calls_total{method=\"Reload\",role=\"OPERATOR\",code=\"OK\"} 6\n",
        "muster_master_admin_calls_total{method=\"Stop\",role=\"OPERATOR\","
        "code=\"PERMISSION_DENIED\"} 2\n",
        "muster_master_admin_calls_total{method=\"unknown\",role=\"\",code=\"UNIMPLEMENTED\"} 9\n",
        "muster_master_admin_calls_refused_total 2\n",
        "muster_master_admin_calls_over_bound_total{kind=\"calls\"} 4\n",
        "muster_master_admin_calls_over_bound_total{kind=\"streams\"} 5\n",
        "muster_master_admin_handshakes_refused_total 8\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

}  // namespace
}  // namespace muster::master
