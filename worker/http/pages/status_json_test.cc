#include "muster/worker/http/pages/status_json.h"

#include <chrono>
#include <cstdint>
#include <limits>

#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "muster/proto/event.pb.h"
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
  draining.refused_over_limit = 11;
  draining.refused_by_proxy_protocol = 13;
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
  EXPECT_EQ(status.workers(0).refused_over_limit(), 11u);
  EXPECT_EQ(status.workers(0).refused_by_proxy_protocol(), 13u);
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

ZoneSnapshot WithDetails() {
  ZoneSnapshot snapshot;
  SlotSnapshot slot;
  slot.pid = 4711;
  slot.phase = WorkerPhase::kServing;
  slot.latency.buckets[LatencyBucketOf(std::chrono::milliseconds(5))] = 2;
  slot.request = RequestShown{.began{},
                              .method = "GET",
                              .path = "/a\"b\\x0a\xc3\xa9",
                              .peer = "192.0.2.1:80",
                              .id = "6f1e"};
  slot.request_age = std::chrono::milliseconds(1500);
  slot.last_words = LastWordsShown{
      .tag{}, .pid = 4710, .time = std::chrono::milliseconds(1700000000500), .text = "it broke"};
  snapshot.slots = {slot};
  snapshot.latency = slot.latency;
  snapshot.events = {{.sequence = 7,
                      .time = std::chrono::seconds(1700000000),
                      .kind = admin::v1::Event::WORKER_CRASHED,
                      .generation = 3,
                      .worker = 0,
                      .pid = 4710,
                      .text = "it crashed"},
                     {.sequence = 8, .kind = 999}};
  return snapshot;
}

TEST(StatusJson, TellsHowLongRequestsTook) {
  const v1::Status status = Parse(FormatStatusJson(WithDetails()));
  EXPECT_EQ(status.latency().count(), 2u);
  EXPECT_EQ(status.latency().p50().nanos(), 4'864'000);
  ASSERT_EQ(status.latency().buckets_size(), 1);
  EXPECT_EQ(status.latency().buckets(0).lower_us(), 4608u);
  EXPECT_EQ(status.latency().buckets(0).upper_us(), 5120u);
  EXPECT_EQ(status.latency().buckets(0).count(), 2u);
  EXPECT_EQ(status.workers(0).latency().count(), 2u);
  EXPECT_EQ(status.workers(0).latency().p99().nanos(), 5'114'880);
  EXPECT_EQ(status.workers(0).latency().buckets_size(), 0);
}

TEST(StatusJson, TellsTheRequestAndTheLastWordsOfAWorker) {
  const v1::Worker worker = Parse(FormatStatusJson(WithDetails())).workers(0);
  EXPECT_EQ(worker.request().method(), "GET");
  EXPECT_EQ(worker.request().path(), "/a\"b\\x0a\xc3\xa9");
  EXPECT_EQ(worker.request().peer(), "192.0.2.1:80");
  EXPECT_EQ(worker.request().id(), "6f1e");
  EXPECT_EQ(worker.request().age().seconds(), 1);
  EXPECT_EQ(worker.last_words().text(), "it broke");
  EXPECT_EQ(worker.last_words().pid(), 4710);
  EXPECT_EQ(worker.last_words().time().seconds(), 1700000000);
  EXPECT_EQ(worker.last_words().time().nanos(), 500'000'000);
}

TEST(StatusJson, TellsTheEventsByTheNamesOfTheirKinds) {
  const v1::Status status = Parse(FormatStatusJson(WithDetails()));
  ASSERT_EQ(status.events_size(), 2);
  EXPECT_EQ(status.events(0).sequence(), 7u);
  EXPECT_EQ(status.events(0).kind(), "WORKER_CRASHED");
  EXPECT_EQ(status.events(0).worker(), 0u);
  EXPECT_TRUE(status.events(0).has_worker());
  EXPECT_EQ(status.events(0).pid(), 4710);
  EXPECT_EQ(status.events(0).text(), "it crashed");
  EXPECT_EQ(status.events(1).kind(), "");
  EXPECT_FALSE(status.events(1).has_worker());
}

TEST(StatusJson, HidesWhatMayNameClients) {
  const std::string json = FormatStatusJson(WithDetails(), Details::kHidden);
  const v1::Status status = Parse(json);
  EXPECT_FALSE(status.workers(0).has_request());
  EXPECT_FALSE(status.workers(0).has_last_words());
  EXPECT_EQ(status.events(0).kind(), "WORKER_CRASHED");
  EXPECT_EQ(status.events(0).text(), "");
  EXPECT_EQ(status.latency().count(), 2u);
}

TEST(StatusJson, HasTheFieldsThatAreZero) {
  EXPECT_THAT(FormatStatusJson(ZoneSnapshot()), HasSubstr("\"responses5xx\": \"0\""));
}

}  // namespace
}  // namespace muster::worker::http
