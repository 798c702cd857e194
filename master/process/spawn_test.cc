#include "muster/master/process/spawn.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using ::testing::StartsWith;

constexpr char kProbe[] = "master/process/spawn_test_worker";

ipc::ReceivedMessage ReceiveFrom(const SpawnedWorker& worker) {
  ipc::ReceivedMessage message;
  const auto outcome = worker.channel.Receive(&message);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return message;
}

TEST(SpawnWorker, GivesTheChildItsChannelAndItsFileAndNothingElse) {
  // What must not reach the child: a blocked signal, an ignored one, a descriptor.
  const auto blocked = ipc::SignalSet::Block({SIGUSR1});
  ASSERT_TRUE(blocked.ok());
  ::signal(SIGUSR2, SIG_IGN);
  const auto other = ipc::Channel::CreatePair();
  ASSERT_TRUE(other.ok());

  const auto program = WorkerProgram::Open(kProbe);
  ASSERT_TRUE(program.ok()) << program.status();

  const auto worker = SpawnWorker(*program);

  ASSERT_TRUE(worker.ok()) << worker.status();
  const ipc::ReceivedMessage message = ReceiveFrom(*worker);
  EXPECT_EQ(message.payload, "fds: 0 1 2 3 4; blocked: 0; ignored: 0");
  EXPECT_EQ(message.sender.pid, worker->process.pid());
}

TEST(SpawnWorker, GivesTheChildItsLogs) {
  const auto program = WorkerProgram::Open(kProbe);
  ASSERT_TRUE(program.ok()) << program.status();
  const std::string folder = ::testing::TempDir() + "/given";
  const auto worker =
      SpawnWorker(*program, nullptr, {{folder + "/a", "log.path"}, {folder + "/b", "x"}});
  ASSERT_TRUE(worker.ok()) << worker.status();
  EXPECT_EQ(ReceiveFrom(*worker).payload, "fds: 0 1 2 3 4 7 8; blocked: 0; ignored: 0");
  ASSERT_EQ(worker->logs.size(), 2u);
  EXPECT_EQ(worker->logs[1].path(), folder + "/b");
  EXPECT_EQ(worker->logs[1].fd(), 8u);
}

TEST(SpawnWorker, NamesTheFieldOfALogThatCannotBeOpened) {
  const auto program = WorkerProgram::Open(kProbe);
  ASSERT_TRUE(program.ok()) << program.status();
  const absl::Status status =
      SpawnWorker(*program, nullptr, {{::testing::TempDir(), "log.path"}}).status();
  EXPECT_EQ(config::FieldOf(status), "log.path");
  EXPECT_EQ(status.message(), "open " + ::testing::TempDir() + ": Is a directory");
}

TEST(SpawnWorker, SeesItsChildEnd) {
  const auto program = WorkerProgram::Open(kProbe);
  ASSERT_TRUE(program.ok()) << program.status();
  auto worker = SpawnWorker(*program);
  ASSERT_TRUE(worker.ok()) << worker.status();
  const auto exit = worker->process.Wait(ipc::PidFd::Reap::kYes);
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_EQ(exit->ToString(), "exited with code 7");
}

TEST(SpawnWorker, NamesAProgramThatCannotBeLoaded) {
  const std::string path = ::testing::TempDir() + "/orphan";
  std::ofstream(path) << "#!/nowhere/sh\n";
  ::chmod(path.c_str(), 0700);
  const auto program = WorkerProgram::Open(path);
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_THAT(std::string(SpawnWorker(*program).status().message()),
              StartsWith("start " + path + ": No such file or directory"));
}

}  // namespace
}  // namespace muster::master
