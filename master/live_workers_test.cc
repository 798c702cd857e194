#include "muster/master/live_workers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

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

}  // namespace
}  // namespace muster::master
