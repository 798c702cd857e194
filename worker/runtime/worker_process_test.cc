#include "muster/worker/runtime/worker_process.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/worker/testing/echo_answer.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/testing/test_master.h"
#include "muster/worker/testing/test_worker.h"
#include "muster/worker/zone/slot_recovery.h"

namespace muster::worker {
namespace {

using testing::Answer;
using testing::AskForPid;
using testing::SendListener;
using testing::TestClient;
using testing::TestMaster;
using testing::TestWorker;

// Until it has nothing left to do and waits for events.
void AwaitSleep(pid_t pid) {
  for (std::string stat; stat.find(") S ") == std::string::npos;) {
    std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
    ASSERT_TRUE(std::getline(file, stat));
  }
}

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

TEST(Worker, AcceptsNothingBeforeItIsToldToServe) {
  const TestMaster master;
  const auto ready = master.MakeReady(master.Reserve());
  const TestClient client(master.port());
  client.Send("early\n");
  const auto serving = master.StartWorker();
  EXPECT_EQ(client.ReadLine(), Answer(*serving, "early"));
  EXPECT_EQ(ready->Ask(Command::kServe), "");
}

TEST(Worker, ShowsThatItServesOnlyOnceItDoes) {
  const TestMaster master;
  const ipc::OwnerTag tag = master.Reserve();
  const auto worker = master.MakeReady(tag);
  EXPECT_EQ(ReadPhase(master.zone().worker_status(tag.slot())), WorkerPhase::kNone);
  EXPECT_EQ(worker->Ask(Command::kServe), "");
  EXPECT_EQ(ReadPhase(master.zone().worker_status(tag.slot())), WorkerPhase::kServing);
}

TEST(Worker, EndsAtOnceWhenItIsDrainedBeforeItServed) {
  const TestMaster master;
  const auto worker = master.MakeReady(master.Reserve());
  worker->Send(Command::kDrain);
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Worker, TellsWhichListenerDoesNotListenAndServesTheOthers) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  const ipc::UniqueFd deaf(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SendListener(worker, deaf.get());
  v1::Hello hello = master.Hello(master.Reserve());
  hello.set_listeners(2);
  master.Introduce(worker, hello);
  ASSERT_EQ(worker.Receive().command_as<Command>(), Command::kReady);
  EXPECT_EQ(worker.Ask(Command::kServe),
            "nothing is accepted on 127.0.0.1:0: the socket does not listen");
  EXPECT_EQ(AskForPid(TestClient(master.port())), worker.pid());
}

TEST(Worker, ServesAtOnceUnderAMasterOfVersion1) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  v1::Hello hello = master.Hello(master.Reserve());
  hello.clear_newest_version();
  master.Introduce(worker, hello);
  v1::Ready ready;
  ASSERT_TRUE(ready.ParseFromString(worker.Receive().payload));
  EXPECT_EQ(ready.protocol(), 1u);
  EXPECT_EQ(AskForPid(TestClient(master.port())), worker.pid());
}

// A worker that was stopped when it was sent DRAIN finds it beside a connection that came later.
TEST(Worker, ObeysTheMasterBeforeItAcceptsOnceANewerGenerationServes) {
  for (const config::v1::Accept accept :
       {config::v1::EXCLUSIVE, config::v1::MUTEX, config::v1::REUSEPORT}) {
    TestMaster master;
    master.config().set_accept(accept);
    const auto old = master.StartWorker();
    AwaitSleep(old->pid());
    old->Stop();
    const TestClient client(master.port());
    client.Send("late\n");
    old->Send(Command::kDrain);
    master.zone().master_status().generation.Set(8);
    old->Signal(SIGCONT);
    EXPECT_EQ(old->AwaitExit(), "exited with code 0");
    const auto successor = master.StartWorker();
    EXPECT_EQ(client.ReadLine(), Answer(*successor, "late"));
  }
}

TEST(Worker, IgnoresTheSignalsOfItsMaster) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  for (const int signal : {SIGHUP, SIGUSR2, SIGPIPE}) worker->Signal(signal);
  EXPECT_EQ(AskForPid(TestClient(master.port())), worker->pid());
}

TEST(Reopen, OpensTheLogsThatWereMoved) {
  TestMaster master;
  const std::string log = absl::StrCat(::testing::TempDir(), "/reopened.log");
  const std::string access_log = absl::StrCat(::testing::TempDir(), "/reopened-access.log");
  master.config().mutable_log()->set_path(log);
  master.config().mutable_http()->mutable_access_log()->set_path(access_log);
  const auto worker = master.StartWorker();
  ASSERT_EQ(std::rename(log.c_str(), absl::StrCat(log, ".1").c_str()), 0);
  EXPECT_EQ(worker->Ask(Command::kReopen, /*flags=*/0), "");
  EXPECT_TRUE(Exists(log));
  EXPECT_TRUE(Exists(access_log));
}

TEST(Reopen, TellsWhatCouldNotBeOpened) {
  TestMaster master;
  master.config().mutable_http()->mutable_access_log()->set_path("/no/such/folder/log");
  const auto worker = master.StartWorker();
  EXPECT_EQ(worker->Ask(Command::kReopen, /*flags=*/0),
            "open /no/such/folder/log: No such file or directory");
  EXPECT_EQ(AskForPid(TestClient(master.port())), worker->pid());
}

TEST(Reopen, IsWhatTheSignalMeans) {
  TestMaster master;
  const std::string log = absl::StrCat(::testing::TempDir(), "/signalled.log");
  master.config().mutable_log()->set_path(log);
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  ASSERT_EQ(std::rename(log.c_str(), absl::StrCat(log, ".1").c_str()), 0);
  worker->Signal(SIGUSR1);
  // It is seen in the round of the first answer, at the latest.
  ASSERT_EQ(AskForPid(client), worker->pid());
  ASSERT_EQ(AskForPid(client), worker->pid());
  EXPECT_TRUE(Exists(log));
}

TEST(Worker, AnswersAnUnknownCommandAndGoesOn) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  EXPECT_EQ(worker->Ask(static_cast<Command>(77), /*flags=*/0),
            "command 77 (unknown) is not for a worker that is ready");
  EXPECT_EQ(AskForPid(TestClient(master.port())), worker->pid());
}

TEST(Worker, DoesNotAnswerAnAck) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  worker->Send(Command::kAck, nullptr, {}, kWantsAck);
  EXPECT_EQ(worker->Ask(Command::kReopen), "");
}

TEST(Worker, IgnoresAMalformedMessage) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  ASSERT_EQ(::send(worker->channel().fd(), "garbage", 7, MSG_NOSIGNAL), 7);
  EXPECT_EQ(worker->Ask(Command::kReopen), "");
}

TEST(Worker, ObeysNobodyButItsParent) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    ipc::Message message;
    message.command = ipc::CommandNumber(Command::kTerminate);
    message.pid = ::getppid();
    ::_exit(worker->channel().Send(message).ok() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(stranger, &status, 0), stranger);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(worker->Ask(Command::kReopen), "");
}

TEST(Worker, IsNotCountedAnyMoreOnceItIsKilledAndRecovered) {
  const TestMaster master;
  const ipc::OwnerTag tag = master.Reserve();
  const auto worker = master.StartWorker(tag);
  const TestClient clients[] = {TestClient(master.port()), TestClient(master.port())};
  for (const TestClient& client : clients) ASSERT_EQ(AskForPid(client), worker->pid());
  EXPECT_EQ(master.zone().Sum().active, 2u);
  worker->Signal(SIGKILL);
  EXPECT_EQ(worker->AwaitExit(), "killed by SIGKILL");
  RecoverSlot(master.zone(), tag);
  EXPECT_EQ(master.zone().Sum().active, 0u);
  EXPECT_EQ(master.zone().Sum().accepted, 2u);
  EXPECT_EQ(master.zone().Sum().handled, 2u);
}

}  // namespace
}  // namespace muster::worker
