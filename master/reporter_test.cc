#include "muster/master/reporter.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/test_timers.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/handoff/handoff_ends.h"
#include "muster/master/process/log.h"

namespace muster::master {
namespace {

// Of a master that is starting two workers, which have no processes.
class ReporterTest : public testing::Test {
 protected:
  ReporterTest() {
    core_.Handle(StartEvent{{.workers = 2}}, Clock::now());
    reporter_.Begin();
  }

  static Deployment First() {
    Deployment deployment;
    deployment.config.set_worker_processes(2);
    return deployment;
  }

  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  loop::TestTimers timers_;
  Log log_;
  const worker::SharedZone zone_ = *worker::SharedZone::Create(8);
  const std::shared_ptr<const HandoffEnds> handoff_ =
      std::make_shared<const HandoffEnds>(*HandoffEnds::Create());
  SupervisorCore core_{zone_.capacity()};
  const LiveWorkers workers_{*loop_, log_, zone_, handoff_, [](const Event&) {}};
  const std::unique_ptr<Deployments> deployments_ =
      *Deployments::Create(*loop_, {"/etc/caf\xe9.textproto", "/srv\n", ""}, First(),
                           [](LoadId, const absl::Status&) {});
  Reporter reporter_{
      timers_,
      {core_, zone_, workers_, [this]() -> const Deployments& { return *deployments_; }, log_}};
};

TEST_F(ReporterTest, TellsTheWorkersWhoTheirMasterIs) {
  for (std::uint32_t slot : {0u, 1u}) core_.Handle(SpawnedEvent{slot, 4711}, Clock::now());
  for (std::uint32_t slot : {0u, 1u}) core_.Handle(ReadyEvent{slot}, Clock::now());
  core_.Handle(ListeningEvent{1}, Clock::now());
  reporter_.PublishStatus();
  const worker::MasterStatus& status = zone_.master_status();
  EXPECT_EQ(status.pid.value(), ::getpid());
  EXPECT_EQ(status.generation.value(), 1);
  EXPECT_EQ(status.worker_processes.value(), 2);
  EXPECT_GT(status.start_time.value(), 0);
  EXPECT_EQ(status.started.value(), 0) << "by the loop's clock";
}

TEST_F(ReporterTest, TellsTheOperatorWhatTheMasterRunsWith) {
  const admin::v1::Master master = reporter_.Report().master();
  EXPECT_EQ(master.pid(), ::getpid());
  EXPECT_EQ(master.config_file(), "/etc/caf\\xe9.textproto");
  EXPECT_EQ(master.prefix(), "/srv\\x0a");
  EXPECT_EQ(master.state(), admin::v1::Master::STARTING);
  EXPECT_GT(master.start_time().seconds(), 0);
}

TEST_F(ReporterTest, TellsTheUptimeByTheClockOfTheLoopWhichIsNeverSet) {
  timers_.RunAt(std::chrono::milliseconds(90'500));
  const auto uptime = reporter_.Report().master().uptime();
  EXPECT_EQ(uptime.seconds(), 90);
  EXPECT_EQ(uptime.nanos(), 500'000'000);
}

TEST_F(ReporterTest, WritesWhatWasPublishedLastWithTheCountersOfNow) {
  const auto read = [&] {
    admin::v1::Status status;
    EXPECT_TRUE(status.ParseFromString(reporter_.WritePublished(StatusPart::kStatus)));
    return status;
  };
  EXPECT_EQ(read().workers_size(), 0) << "nothing is published";
  reporter_.Publish();
  EXPECT_EQ(read().workers_size(), 2);
  EXPECT_EQ(read().master().pid(), ::getpid());
  zone_.stats(1).requests.Add(3);
  EXPECT_EQ(read().workers(1).counters().requests(), 3u);
  core_.Handle(SpawnedEvent{0, 4711}, Clock::now());
  EXPECT_EQ(read().workers(0).pid(), 0);
  reporter_.Publish();
  EXPECT_EQ(read().workers(0).pid(), 4711);
}

TEST_F(ReporterTest, LooksOnceASecondHowTheWorkersAre) {
  EXPECT_EQ(reporter_.health().Read("worker/1"), std::nullopt);
  timers_.RunAt(std::chrono::seconds(1));
  EXPECT_EQ(reporter_.health().Read("worker/1"), false);
  reporter_.health().Set({});
  timers_.RunAt(std::chrono::seconds(2));
  EXPECT_EQ(reporter_.health().Read("worker/1"), false);
}

TEST_F(ReporterTest, CountsForAWorkerWhatCameSinceItGotItsSlot) {
  const auto requests = [&] { return reporter_.Report().workers(0).counters().requests(); };
  const ipc::OwnerTag tag = *zone_.Reserve(0);
  zone_.stats(tag.slot()).requests.Add(5);
  reporter_.OnSlotTaken(0);
  zone_.stats(tag.slot()).requests.Add(2);
  EXPECT_EQ(requests(), 2u);
  reporter_.OnSlotTaken(0);  // by its next process
  EXPECT_EQ(requests(), 2u);
  reporter_.OnSlotReleased(0);
  reporter_.OnSlotTaken(0);
  EXPECT_EQ(requests(), 0u);
}

TEST_F(ReporterTest, GoesOnInAnotherProgram) {
  zone_.stats(0).requests.Add(5);
  reporter_.OnSlotTaken(0);
  zone_.stats(0).requests.Add(2);
  admin::v1::Hang hang;
  hang.set_process("sleeps");
  reporter_.SetHang(0, hang);
  timers_.RunAt(std::chrono::milliseconds(500));
  Reporter next{
      timers_,
      {core_, zone_, workers_, [this]() -> const Deployments& { return *deployments_; }, log_}};
  state::v1::ReporterState state = reporter_.Save();
  state.set_started(1);
  const absl::Status status = next.Restore(state);
  ASSERT_TRUE(status.ok()) << status;
  const admin::v1::Status before = reporter_.Report();
  const admin::v1::Status after = next.Report();
  EXPECT_EQ(after.workers(0).counters().requests(), 2u);
  EXPECT_EQ(after.workers(0).hang().process(), "sleeps");
  EXPECT_EQ(after.master().start_time().SerializeAsString(),
            before.master().start_time().SerializeAsString());
  EXPECT_EQ(after.master().uptime().nanos(), 499'999'999) << "by the clock that never stops";
  next.OnSlotTaken(0);
  EXPECT_EQ(next.Report().workers(0).counters().requests(), 2u);
}

TEST_F(ReporterTest, RefusesAStateThatDoesNotFitTheZone) {
  zone_.stats(0).requests.Add(5);
  reporter_.OnSlotTaken(0);
  const auto refusal = [&](absl::FunctionRef<void(state::v1::ReporterState&)> spoil) {
    state::v1::ReporterState state = reporter_.Save();
    state.set_started(1);
    spoil(state);
    return std::string(reporter_.Restore(state).message());
  };
  using State = state::v1::ReporterState;
  EXPECT_EQ(refusal([](State&) {}), "");
  EXPECT_EQ(refusal([](State& state) { state.clear_started(); }), "started: is missing");
  EXPECT_EQ(refusal([](State& state) { state.set_slots_taken(9); }), "slots_taken: is 9 of 8");
  EXPECT_EQ(refusal([](State& state) { state.add_silent(8); }), "silent: is 8 of 8");
  EXPECT_EQ(refusal([](State& state) { (*state.mutable_hangs())[8]; }), "hangs: is 8 of 8");
  EXPECT_EQ(refusal([](State& state) { state.mutable_counted_before(0)->set_slot(8); }),
            "counted_before[0].slot: is 8 of 8");
  EXPECT_EQ(refusal([](State& state) { state.mutable_counted_before(0)->clear_responses(); }),
            "counted_before[0].responses: has 0 classes");
  EXPECT_EQ(
      refusal([](State& state) { (*state.mutable_counted_before(0)->mutable_latency())[999] = 1; }),
      "counted_before[0].latency: has a bucket 999");
}

}  // namespace
}  // namespace muster::master
