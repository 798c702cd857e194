// Reloads by a supervisor with real processes.

#include <sys/socket.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/listen/address.h"
#include "muster/loop/run_until.h"
#include "muster/master/testing/supervisor_fixture.h"

namespace muster::master {
namespace {

using loop::RunUntil;

using ::testing::Contains;
using ::testing::HasSubstr;

TEST_F(SupervisorTest, ReloadsIntoANewGenerationOnTheSameSocket) {
  Serve();
  const std::string address = Report().master().listen(0);
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.generation, 2u);
  EXPECT_EQ(Report().master().listen(0), address);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  EXPECT_EQ(Report().workers(0).generation(), 2u);
}

TEST_F(SupervisorTest, RefusesAReloadOfAConfigurationWithMistakes) {
  Serve();
  WriteConfig("acept: MUTEX");
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("did you mean \"accept\"?"));
  EXPECT_EQ(Report().master().generation(), 1u);
}

TEST_F(SupervisorTest, UndoesAReloadWhoseWorkersFail) {
  Serve();
  const pid_t old = Report().workers(0).pid();
  WriteConfig("listen { address: '127.0.0.2:0' }");
  Manner("fails");
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("it cannot work today"));
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  EXPECT_EQ(Report().workers(0).pid(), old);
  EXPECT_EQ(Report().master().listen_size(), 1);
}

TEST_F(SupervisorTest, DoesNotListenBeforeTheCommit) {
  Serve();
  const std::string address = absl::StrCat("unix:", folder_, "/new.sock");
  WriteConfig("listen { address: 'unix:new.sock' }");
  Manner("silent");
  std::optional<Outcome> refused;
  supervisor_->Reload([&](const Outcome& outcome) { refused = outcome; });
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 4; }));
  EXPECT_FALSE(Connects(address));
  ASSERT_TRUE(RunUntil(*loop_, [&] { return refused.has_value(); }));
  Manner("");
  EXPECT_EQ(AwaitOutcome(&Supervisor::Reload).status, absl::OkStatus());
  EXPECT_TRUE(Connects(address));
}

// Its READY and its death wait for the master at the same time.
TEST_F(SupervisorTest, RefusesAReloadWhoseWorkerDiedWhenItHadSaidThatItIsReady) {
  Serve();
  WriteConfig("", /*workers=*/1);
  Manner("ready and gone");
  std::optional<Outcome> refused;
  supervisor_->Reload([&](const Outcome& outcome) { refused = outcome; });
  ASSERT_TRUE(RunUntil(
      *loop_, [&] { return Report().workers_size() == 3 && Report().workers(2).pid() != 0; }));
  siginfo_t death = {};
  ASSERT_EQ(::waitid(P_PID, Report().workers(2).pid(), &death, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return refused.has_value(); }));
  EXPECT_THAT(std::string(refused->status.message()),
              HasSubstr("reload refused, generation 1 goes on serving: worker 0 of generation 2"));
  EXPECT_EQ(Report().master().generation(), 1u);
  EXPECT_EQ(Report().stats().crashes(), 0u);
}

TEST_F(SupervisorTest, UndoesAReloadThatNobodyWaitsForAnyMore) {
  Serve();
  const std::string address = absl::StrCat("unix:", folder_, "/new.sock");
  WriteConfig("listen { address: 'unix:new.sock' }");
  Manner("silent");
  std::optional<Outcome> refused;
  const RequestId request = supervisor_->Reload([&](const Outcome& outcome) { refused = outcome; });
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 4; }));
  supervisor_->Withdraw(request, "its caller hung up");
  ASSERT_TRUE(refused.has_value());
  EXPECT_THAT(std::string(refused->status.message()),
              HasSubstr("refused, generation 1 goes on serving: its caller hung up before worker"));
  EXPECT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  EXPECT_FALSE(std::filesystem::exists(absl::StrCat(folder_, "/new.sock")));
  Manner("");
  EXPECT_EQ(AwaitOutcome(&Supervisor::Reload).generation, 3u);
  EXPECT_TRUE(Connects(address));
}

TEST_F(SupervisorTest, RefusesAReloadWhenAnotherSocketListensFirst) {
  Serve();
  // Bound by both, which SO_REUSEADDR allows until one of them listens.
  const ipc::UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const listen::Address any = *listen::Address::Parse("127.0.0.1:0");
  ASSERT_EQ(::bind(other.get(), any.get(), any.size()), 0);
  const std::string address = listen::Address::OfSocket(other.get())->ToString();
  WriteConfig(absl::StrCat("listen { address: '", address, "' }"));
  std::optional<Outcome> refused;
  supervisor_->Reload([&](const Outcome& outcome) { refused = outcome; });
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 4; }));
  ASSERT_EQ(::listen(other.get(), 1), 0);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return refused.has_value(); }));
  EXPECT_THAT(
      std::string(refused->status.message()),
      HasSubstr(absl::StrCat("listen[1].address: listen ", address, ": Address already in use")));
  EXPECT_EQ(Report().master().generation(), 1u);
}

TEST_F(SupervisorTest, WarnsOfAnOldWorkerThatDoesNotSayThatItDrains) {
  Manner("mute");
  WriteConfig("drain_ack_timeout { nanos: 20000000 }");
  Serve();
  Manner("");
  const pid_t old = Report().workers(0).pid();
  const Outcome outcome = AwaitOutcome(&Supervisor::Reload);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  const std::string warning =
      absl::StrCat("worker 0 of generation 1 (pid ", old, ") has not begun to drain within 20ms");
  // On a busy machine also of new workers that begin to serve later.
  EXPECT_THAT(outcome.warnings, Contains(warning));
  EXPECT_THAT(outcome.warnings, Contains(HasSubstr(" has not begun to drain ")).Times(2));
  EXPECT_THAT(LogText(), HasSubstr(warning));
}

TEST_F(SupervisorTest, RefusesAReloadThatWouldMoveItsOwn) {
  Serve();
  WriteConfig("", 2, "elsewhere");
  EXPECT_THAT(std::string(AwaitOutcome(&Supervisor::Reload).status.message()),
              HasSubstr("pid_file: cannot change"));
}

TEST_F(SupervisorTest, ClosesAListenerThatIsNotWantedAnyMore) {
  WriteConfig("listen { address: '127.0.0.2:0' }");
  Serve();
  const std::string gone = Report().master().listen(1);
  EXPECT_TRUE(Connects(gone));
  WriteConfig("");
  EXPECT_EQ(AwaitOutcome(&Supervisor::Reload).status, absl::OkStatus());
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Report().workers_size() == 2; }));
  // A client gets no answer for a while, and then a refusal.
  std::atomic<bool> is_refused = false;
  std::thread client([&] {
    while (Connects(gone)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    is_refused = true;
  });
  EXPECT_TRUE(RunUntil(*loop_, [&] { return is_refused.load(); }));
  client.join();
  EXPECT_THAT(LogText(), HasSubstr(absl::StrCat("no longer listening on ", gone)));
}

}  // namespace
}  // namespace muster::master
