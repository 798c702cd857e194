#include "muster/master/process/spawn.h"

#include <poll.h>
#include <signal.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/process/signal_set.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

constexpr char kProbe[] = "master/process/spawn_test_worker";

ipc::ReceivedMessage ReceiveFrom(const SpawnedWorker& worker) {
  ipc::ReceivedMessage message;
  const auto outcome = worker.channel.Receive(&message);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return message;
}

TEST(SpawnWorker, GivesTheChildItsChannelAndNothingElse) {
  // What must not reach the child: a blocked signal, an ignored one, a descriptor.
  const auto blocked = ipc::SignalSet::Block({SIGUSR1});
  ASSERT_TRUE(blocked.ok());
  ::signal(SIGUSR2, SIG_IGN);
  const auto other = ipc::Channel::CreatePair();
  ASSERT_TRUE(other.ok());

  const auto worker = SpawnWorker(kProbe);

  ASSERT_TRUE(worker.ok()) << worker.status();
  const ipc::ReceivedMessage message = ReceiveFrom(*worker);
  EXPECT_EQ(message.payload, "fds: 0 1 2 3; blocked: 0; ignored: 0");
  EXPECT_EQ(message.sender.pid, worker->process.pid());
}

TEST(SpawnWorker, SeesItsChildEnd) {
  auto worker = SpawnWorker(kProbe);
  ASSERT_TRUE(worker.ok()) << worker.status();
  const auto exit = worker->process.Wait(ipc::PidFd::Reap::kYes);
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_EQ(exit->ToString(), "exited with code 7");
}

TEST(SpawnWorker, TellsThePathAndTheReasonWhenAProgramCannotBeLoaded) {
  EXPECT_EQ(SpawnWorker("/nowhere/worker").status().message(),
            "start /nowhere/worker: No such file or directory");
  EXPECT_THAT(std::string(SpawnWorker("/etc/passwd").status().message()),
              HasSubstr("start /etc/passwd: Permission denied"));
}

TEST(FindWorkerBinary, TakesTheConfiguredOneOrSaysWhyItCannot) {
  EXPECT_EQ(*FindWorkerBinary("/bin/sh"), "/bin/sh");
  EXPECT_EQ(FindWorkerBinary("/nowhere/worker").status().message(),
            "worker program /nowhere/worker: No such file or directory");
  EXPECT_EQ(FindWorkerBinary("/etc").status().message(), "worker program /etc: Is a directory");
  EXPECT_EQ(FindWorkerBinary("/etc/passwd").status().message(),
            "worker program /etc/passwd: Permission denied");
  EXPECT_EQ(FindWorkerBinary("/dev/null").status().message(),
            "worker program /dev/null: it is not a regular file");
}

TEST(FindWorkerBinary, LooksBesideThisProgram) {
  const auto found = FindWorkerBinary("");
  const std::string said = found.ok() ? *found : std::string(found.status().message());
  EXPECT_THAT(said, HasSubstr("/worker"));
}

}  // namespace
}  // namespace muster::master
