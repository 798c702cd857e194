#include "muster/worker/http/pages/status_json.h"

#include <chrono>
#include <cstdint>
#include <limits>

#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "muster/proto/status.pb.h"

namespace muster::worker::http {
namespace {

using ::testing::HasSubstr;

v1::Status Parse(const std::string& json) {
  v1::Status status;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &status);
  EXPECT_TRUE(parsed.ok()) << parsed.ToString() << "\n" << json;
  return status;
}

TEST(StatusJson, TellsTheMasterAndEachWorker) {
  ZoneSnapshot snapshot;
  snapshot.master_pid = 42;
  snapshot.master_start_time = 1700000000;
  snapshot.master_uptime = std::chrono::seconds(5);
  snapshot.generation = 3;
  snapshot.worker_processes = 2;
  snapshot.reloads = 2;
  snapshot.crashes = 1;
  snapshot.master_log_lines_lost = 6;
  SlotSnapshot draining;
  draining.slot = 1;
  draining.phase = WorkerPhase::kDraining;
  draining.pid = 4711;
  draining.generation = 2;
  draining.age = std::chrono::seconds(90);
  draining.counters.requests = 7;
  draining.counters.responses = {1, 2, 3, 4};
  SlotSnapshot starting;
  starting.slot = 2;
  starting.pid = 4712;
  SlotSnapshot empty;
  empty.slot = 3;
  snapshot.slots = {draining, starting, empty};
  snapshot.total.requests = 70;

  const v1::Status status = Parse(FormatStatusJson(snapshot));

  EXPECT_EQ(status.master().pid(), 42);
  EXPECT_EQ(status.master().start_time().seconds(), 1700000000);
  EXPECT_EQ(status.master().uptime().seconds(), 5);
  EXPECT_EQ(status.master().generation(), 3u);
  EXPECT_EQ(status.master().worker_processes(), 2u);
  EXPECT_EQ(status.master().reloads(), 2u);
  EXPECT_EQ(status.master().crashes(), 1u);
  EXPECT_EQ(status.master().log_lines_lost(), 6u);
  ASSERT_EQ(status.workers_size(), 3);
  EXPECT_EQ(status.workers(0).slot(), 1u);
  EXPECT_EQ(status.workers(0).state(), v1::Worker::DRAINING);
  EXPECT_EQ(status.workers(0).pid(), 4711);
  EXPECT_EQ(status.workers(0).generation(), 2u);
  EXPECT_EQ(status.workers(0).age().seconds(), 90);
  EXPECT_EQ(status.workers(0).counters().requests(), 7u);
  EXPECT_EQ(status.workers(0).counters().responses_4xx(), 3u);
  EXPECT_EQ(status.workers(1).state(), v1::Worker::STARTING);
  EXPECT_EQ(status.workers(2).state(), v1::Worker::EMPTY);
  EXPECT_EQ(status.total().requests(), 70u);
}

TEST(StatusJson, HasTheFieldsThatAreZero) {
  EXPECT_THAT(FormatStatusJson(ZoneSnapshot()), HasSubstr("\"responses5xx\": \"0\""));
}

}  // namespace
}  // namespace muster::worker::http
