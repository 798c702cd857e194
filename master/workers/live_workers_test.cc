#include "muster/master/workers/live_workers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

using loop::RunUntil;

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using worker::Command;

// Fake workers, started in slot 1.
class LiveWorkersTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("FAKE_WORKER", "", 1);
    char folder[] = "/tmp/muster-live-workers-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    deployment_.sealed_config = ipc::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    UseProgram("master/process/fake_worker");
  }
  void TearDown() override {
    if (!workers_.empty()) {
      workers_.Signal({.slot = kSlot, .signal = SIGKILL});
      AwaitExit();
      workers_.Bury(kSlot);
    }
    std::filesystem::remove_all(folder_);
  }

  void UseProgram(const std::string& path) {
    absl::StatusOr<WorkerProgram> program = WorkerProgram::Open(path);
    ASSERT_TRUE(program.ok()) << program.status();
    deployment_.worker = std::make_shared<const WorkerProgram>(*std::move(program));
  }
  absl::StatusOr<pid_t> Start() {
    return workers_.Start({.slot = kSlot, .generation = 1, .index = 0}, deployment_);
  }
  void AwaitReady() {
    ASSERT_TRUE(RunUntil(*loop_, [&] { return is_ready_; }));
  }
  void AwaitExit() {
    ASSERT_TRUE(RunUntil(*loop_, [&] { return has_exited_; }));
  }

  static constexpr std::uint32_t kSlot = 1;

  std::string folder_;
  Log log_;
  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  const worker::SharedZone zone_ = *worker::SharedZone::Create(4);
  const std::shared_ptr<const HandoffEnds> handoff_ =
      std::make_shared<const HandoffEnds>(*HandoffEnds::Create());
  Deployment deployment_;
  bool is_ready_ = false;
  bool has_exited_ = false;
  LiveWorkers workers_{*loop_, log_, zone_, handoff_, [this](const Event& event) {
                         if (std::holds_alternative<ReadyEvent>(event)) is_ready_ = true;
                         if (std::holds_alternative<ExitedEvent>(event)) has_exited_ = true;
                       }};
};

TEST_F(LiveWorkersTest, GiveANewProcessItsFirstMessages) {
  const absl::StatusOr<pid_t> pid = Start();
  ASSERT_TRUE(pid.ok()) << pid.status();
  EXPECT_EQ(zone_.registry().Read(kSlot)->pid, *pid);
  AwaitReady();  // it says so once it has got HELLO
  EXPECT_FALSE(workers_.empty());
}

TEST_F(LiveWorkersTest, KeepTheSlotOfADeadProcessUntilItIsBuried) {
  ASSERT_TRUE(Start().ok());
  workers_.Signal({.slot = kSlot, .signal = SIGKILL});
  AwaitExit();
  EXPECT_TRUE(absl::IsFailedPrecondition(zone_.Reserve(kSlot).status()));
  workers_.Bury(kSlot);
  EXPECT_TRUE(workers_.empty());
  EXPECT_TRUE(zone_.Reserve(kSlot).ok());
}

TEST_F(LiveWorkersTest, FreeTheSlotOfAProgramThatDoesNotStart) {
  const std::string script = folder_ + "/script";
  std::ofstream(script) << "#!/there/is/no/such/interpreter\n";
  ASSERT_EQ(::chmod(script.c_str(), 0755), 0);
  UseProgram(script);
  EXPECT_THAT(std::string(Start().status().message()), HasSubstr(script));
  EXPECT_TRUE(workers_.empty());
  EXPECT_TRUE(zone_.Reserve(kSlot).ok());
}

TEST_F(LiveWorkersTest, RememberTheConnectionsOfAProcessThatIsToldToEndAtOnce) {
  ASSERT_TRUE(Start().ok());
  AwaitReady();
  zone_.stats(kSlot).active.Set(3);
  workers_.Send({.slot = kSlot, .command = Command::kTerminate});
  zone_.stats(kSlot).active.Set(0);  // as it does when it obeys
  AwaitExit();
  EXPECT_EQ(workers_.Bury(kSlot).connections, 3u);
}

TEST_F(LiveWorkersTest, DoNotBelieveThatAProcessHadMoreConnectionsThanAnyCan) {
  ASSERT_TRUE(Start().ok());
  zone_.stats(kSlot).active.Set(1'000'000'000'000);
  workers_.Signal({.slot = kSlot, .signal = SIGKILL});
  AwaitExit();
  EXPECT_EQ(workers_.Bury(kSlot).connections, 1u << 21);
}

TEST_F(LiveWorkersTest, TellWhatADeadProcessWasAtAndWhatItSaid) {
  const absl::StatusOr<pid_t> pid = Start();
  ASSERT_TRUE(pid.ok()) << pid.status();
  const ipc::OwnerTag tag = zone_.registry().Read(kSlot)->tag;
  worker::RequestWriter(zone_.request(kSlot)).Begin({}, {}, "GET", "/x");
  worker::SayLastWords(zone_.last_words(kSlot), tag, *pid, "it broke");
  workers_.Signal({.slot = kSlot, .signal = SIGKILL});
  AwaitExit();
  const LiveWorkers::Remains remains = workers_.Bury(kSlot);
  EXPECT_EQ(remains.at_hand, "it served GET /x for an unknown client");
  EXPECT_EQ(remains.last_words, "it broke");
}

TEST_F(LiveWorkersTest, TakeNothingForAProcessThatOneBeforeItSaid) {
  worker::SayLastWords(zone_.last_words(kSlot), ipc::OwnerTag(kSlot, 77), 1, "it broke");
  ASSERT_TRUE(Start().ok());
  workers_.Signal({.slot = kSlot, .signal = SIGKILL});
  AwaitExit();
  const LiveWorkers::Remains remains = workers_.Bury(kSlot);
  EXPECT_EQ(remains.at_hand, "");
  EXPECT_EQ(remains.last_words, "");
}

TEST_F(LiveWorkersTest, AreListedForTheNextMaster) {
  const std::string pid_file = folder_ + "/pid";
  workers_.BeginList(pid_file);
  const absl::StatusOr<pid_t> pid = Start();
  ASSERT_TRUE(pid.ok()) << pid.status();
  const auto listed = WorkerList::Read(WorkerList::PathFor(pid_file));
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].pid, *pid);
  workers_.Signal({.slot = kSlot, .signal = SIGKILL});
  AwaitExit();
  workers_.Bury(kSlot);
  EXPECT_THAT(WorkerList::Read(WorkerList::PathFor(pid_file)), IsEmpty());
}

TEST_F(LiveWorkersTest, TellForHowLongAProcessIsSilent) {
  ASSERT_TRUE(Start().ok());
  const TimePoint now = Clock::now();
  const ipc::OwnerTag tag = zone_.registry().Read(kSlot)->tag;
  zone_.registry().PublishHeartbeat(tag, now);
  using std::chrono::seconds;
  Silence silence = {.most = seconds(5)};
  EXPECT_EQ(workers_.HungFor(kSlot, silence, now + seconds(1)), std::nullopt);
  EXPECT_EQ(workers_.HungFor(kSlot, silence, now + seconds(9)), seconds(9));
  // The master did not run until then.
  silence.counted_from = now + seconds(7);
  EXPECT_EQ(workers_.HungFor(kSlot, silence, now + seconds(9)), std::nullopt);
  EXPECT_EQ(workers_.HungFor(kSlot, silence, now + seconds(13)), seconds(6));
  EXPECT_EQ(workers_.HungFor(kSlot, {}, now + seconds(999)), std::nullopt) << "never";
}

TEST_F(LiveWorkersTest, DoNothingForASlotWithoutAProcess) {
  workers_.Send({.slot = 2, .command = Command::kTerminate});
  workers_.Signal({.slot = 2, .signal = SIGKILL});
  EXPECT_FALSE(workers_.CheckExit(2));
  EXPECT_EQ(workers_.HungFor(2, {}, Clock::now()), std::nullopt);
  EXPECT_FALSE(workers_.Examine(2).has_value());
}

// The workers in the program that replaces this one. The loop of this one does not run meanwhile.
struct NextProgram {
  NextProgram(const LiveWorkers& before, const worker::SharedZone& zone)
      : workers(*loop, log, zone, nullptr, [this](const Event& event) {
          const auto* exited = std::get_if<ExitedEvent>(&event);
          if (exited != nullptr) exit = exited->exit;
        }) {
    absl::StatusOr<state::v1::LiveWorkersState> saved = before.Save(keep, zones);
    EXPECT_TRUE(saved.ok()) << saved.status();
    state = *std::move(saved);
  }
  absl::Status Restore() {
    inheritance.emplace(keep.numbers());
    return workers.Restore(state, *inheritance, zones, WorkerLaunch());
  }
  void Begin() {
    const absl::Status status = workers.Watch();
    EXPECT_TRUE(status.ok()) << status;
    workers.Begin();
  }

  Log log;
  const std::unique_ptr<loop::EventLoop> loop = *loop::EventLoop::Create();
  DescriptorKeep keep;
  LiveWorkers::ZoneTable zones;
  state::v1::LiveWorkersState state;
  std::optional<DescriptorInheritance> inheritance;
  std::optional<ipc::ProcessExit> exit;
  LiveWorkers workers;
};

TEST_F(LiveWorkersTest, GoOnInAnotherProgram) {
  workers_.BeginList(folder_ + "/pid");
  const absl::StatusOr<pid_t> pid = Start();
  ASSERT_TRUE(pid.ok()) << pid.status();
  AwaitReady();
  {
    // One that does not take over leaves everything as it is.
    NextProgram trial(workers_, zone_);
    const absl::Status status = trial.Restore();
    ASSERT_TRUE(status.ok()) << status;
  }
  EXPECT_THAT(WorkerList::Read(WorkerList::PathFor(folder_ + "/pid")), SizeIs(1));
  NextProgram next(workers_, zone_);
  const absl::Status status = next.Restore();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(next.workers.PidOf(kSlot), *pid);
  next.Begin();
  EXPECT_FALSE(next.exit.has_value());
  next.workers.Send({.slot = kSlot, .command = Command::kTerminate});
  ASSERT_TRUE(RunUntil(*next.loop, [&] { return next.exit.has_value(); }));
  EXPECT_EQ(next.exit->pid, *pid);
  EXPECT_FALSE(next.exit->was_killed);
  next.workers.Bury(kSlot);
  EXPECT_TRUE(next.workers.empty());
  EXPECT_THAT(WorkerList::Read(WorkerList::PathFor(folder_ + "/pid")), IsEmpty());
}

TEST_F(LiveWorkersTest, AreFoundDeadInAnotherProgramAtOnce) {
  const absl::StatusOr<pid_t> pid = Start();
  ASSERT_TRUE(pid.ok()) << pid.status();
  NextProgram next(workers_, zone_);
  ASSERT_EQ(::kill(*pid, SIGSEGV), 0);
  siginfo_t dead = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(*pid), &dead, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(next.Restore().ok());
  next.Begin();
  ASSERT_TRUE(next.exit.has_value());
  EXPECT_EQ(next.exit->code, SIGSEGV);
  next.workers.Bury(kSlot);
}

TEST_F(LiveWorkersTest, LeaveInTheirQueueForAnotherProgramWhatIsInIt) {
  ASSERT_TRUE(Start().ok());
  const ipc::Channel give = *ipc::Channel::Adopt(*ipc::DuplicateFd(handoff_->give_fd()));
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd client(ends[0]);
  {
    const ipc::UniqueFd served(ends[1]);
    ipc::Message message;
    message.fds = absl::MakeConstSpan(&ends[1], 1);
    ASSERT_TRUE(give.TrySend(message).ok());
  }
  {
    NextProgram trial(workers_, zone_);
    ASSERT_TRUE(trial.Restore().ok());
  }
  char byte = 0;
  EXPECT_EQ(::recv(client.get(), &byte, 1, MSG_DONTWAIT), -1) << "it is closed";
  NextProgram next(workers_, zone_);
  ASSERT_TRUE(next.Restore().ok());
  next.Begin();
  EXPECT_EQ(next.workers.CloseHandedOff(), 1u);
}

TEST_F(LiveWorkersTest, RefuseAStateThatDoesNotFitTheZone) {
  ASSERT_TRUE(Start().ok());
  const auto refusal = [&](absl::FunctionRef<void(state::v1::LiveWorkersState&)> spoil) {
    NextProgram next(workers_, zone_);
    spoil(next.state);
    return std::string(next.Restore().message());
  };
  using State = state::v1::LiveWorkersState;
  EXPECT_EQ(refusal([](State&) {}), "");
  EXPECT_EQ(refusal([](State& state) { state.mutable_workers(0)->set_slot_generation(9); }),
            "workers[0].slot_generation: is 9, which is not that of slot 1");
  EXPECT_EQ(refusal([](State& state) { state.mutable_workers(0)->mutable_process()->set_slot(4); }),
            "workers[0].process.slot: is 4 of 4");
  EXPECT_EQ(refusal([](State& state) { *state.add_workers() = state.workers(0); }),
            "workers[1].process.slot: is 1, which another worker has");
  EXPECT_EQ(refusal([](State& state) { state.mutable_workers(0)->set_queue(1); }),
            "workers[0].queue: is entry 1 of a table of 1");
  EXPECT_EQ(refusal([](State& state) { state.mutable_workers(0)->add_zones(0); }),
            "workers[0].zones[0]: is entry 0 of a table of 0");
  EXPECT_EQ(refusal([](State& state) { state.mutable_workers(0)->mutable_process()->set_pid(0); }),
            "workers[0].process.pid: is 0");
  EXPECT_THAT(
      refusal([](State& state) { state.mutable_queues(0)->set_give(state.queues(0).take()); }),
      HasSubstr(" is that of queues[0].take"));
}

}  // namespace
}  // namespace muster::master
