#include "muster/worker/runtime/run_worker.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/testing/test_master.h"
#include "muster/worker/testing/test_worker.h"
#include "muster/worker/zone/slot_recovery.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;
using testing::ReceiveFailed;
using testing::ReceiveReason;
using testing::SendListener;
using ::testing::StartsWith;
using testing::TestClient;
using testing::TestMaster;
using testing::TestWorker;

std::string Answer(const TestWorker& worker, absl::string_view line) {
  return absl::StrCat(worker.pid(), " ", line);
}

pid_t AskForPid(const TestClient& client) {
  client.Send("who\n");
  const std::vector<std::string> words = absl::StrSplit(client.ReadLine(), ' ');
  pid_t pid = 0;
  return absl::SimpleAtoi(words[0], &pid) ? pid : 0;
}

std::string Title(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/cmdline"));
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  return bytes.substr(0, bytes.find('\0'));
}

// Until it has nothing left to do and waits for events.
void AwaitSleep(pid_t pid) {
  for (std::string stat; stat.find(") S ") == std::string::npos;) {
    std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
    ASSERT_TRUE(std::getline(file, stat));
  }
}

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// Start.

TEST(Worker, SaysThatItIsForAMasterWithoutAChannel) {
  // Descriptor 3 is closed in the child of a shell.
  const int status = std::system(absl::StrCat(TestMaster::Program(), " 3<&- 2>/dev/null").c_str());
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

class AcceptPolicy : public ::testing::TestWithParam<config::v1::Accept> {};

TEST_P(AcceptPolicy, ServesAfterHello) {
  TestMaster master;
  master.config().set_accept(GetParam());
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  client.Send("hello\n");
  EXPECT_EQ(client.ReadLine(), Answer(*worker, "hello"));
}

TEST_P(AcceptPolicy, SharesConnectionsAmongTwoWorkers) {
  TestMaster master;
  master.config().set_accept(GetParam());
  master.config().mutable_accept_delay()->set_nanos(1'000'000);
  const auto first = master.StartWorker();
  const auto second = master.StartWorker();
  std::set<pid_t> seen;
  for (int i = 0; i < 5000 && seen.size() < 2; ++i) {
    seen.insert(AskForPid(TestClient(master.port())));
  }
  EXPECT_EQ(seen, (std::set<pid_t>{first->pid(), second->pid()}));
}

TEST_P(AcceptPolicy, LeavesConnectionsInTheListenerWhileItIsFull) {
  TestMaster master;
  master.config().set_accept(GetParam());
  master.config().set_worker_connections(1);
  const auto worker = master.StartWorker();
  TestClient first(master.port());
  EXPECT_EQ(AskForPid(first), worker->pid());
  const TestClient second(master.port());
  second.Send("waits\n");
  EXPECT_EQ(AskForPid(first), worker->pid());
  EXPECT_EQ(master.zone().Sum().accepted, 1u);
  first.Close();
  EXPECT_EQ(second.ReadLine(), Answer(*worker, "waits"));
  EXPECT_EQ(master.zone().Sum().accepted, 2u);
}

TEST_P(AcceptPolicy, ServesOnWithoutDescriptorsAndAcceptsWhenThereAreSome) {
  TestMaster master;
  master.config().set_accept(GetParam());
  const auto worker = master.StartWorker();
  TestClient first(master.port());
  ASSERT_EQ(AskForPid(first), worker->pid());
  const rlimit none = {3, 4096};
  ASSERT_EQ(::prlimit(worker->pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  const TestClient second(master.port());
  second.Send("waits\n");
  EXPECT_EQ(AskForPid(first), worker->pid());
  EXPECT_EQ(master.zone().Sum().accepted, 1u);
  const rlimit many = {4096, 4096};
  ASSERT_EQ(::prlimit(worker->pid(), RLIMIT_NOFILE, &many, nullptr), 0);
  EXPECT_EQ(second.ReadLine(), Answer(*worker, "waits"));
}

TEST_P(AcceptPolicy, AcceptsWhatAKilledWorkerLeft) {
  TestMaster master;
  master.config().set_accept(GetParam());
  const ipc::OwnerTag tag = master.Reserve();
  const auto killed = master.StartWorker(tag);
  const auto other = master.StartWorker();
  killed->Signal(SIGKILL);
  EXPECT_EQ(killed->AwaitExit(), "killed by SIGKILL");
  RecoverSlot(master.zone(), tag);
  EXPECT_EQ(AskForPid(TestClient(master.port())), other->pid());
}

INSTANTIATE_TEST_SUITE_P(All, AcceptPolicy,
                         ::testing::Values(config::v1::EXCLUSIVE, config::v1::MUTEX,
                                           config::v1::REUSEPORT),
                         [](const auto& info) { return config::v1::Accept_Name(info.param); });

TEST(Worker, GoesOnWhenTheHolderOfTheAcceptMutexIsKilled) {
  TestMaster master;
  master.config().set_accept(config::v1::MUTEX);
  const ipc::OwnerTag tags[] = {master.Reserve(), master.Reserve()};
  std::unique_ptr<TestWorker> workers[] = {master.StartWorker(tags[0]),
                                           master.StartWorker(tags[1])};
  ASSERT_NE(AskForPid(TestClient(master.port())), 0);
  const auto owner = [&] {
    return ipc::OwnerTag::InWord(master.zone().accept_mutex_state()->word.load());
  };
  // Stopped, it holds the mutex for as long as the test wants.
  int victim = 0;
  for (workers[victim]->Stop(); owner() != tags[victim]; workers[victim]->Stop()) {
    workers[victim]->Signal(SIGCONT);
    victim = 1 - victim;
  }
  workers[victim]->Signal(SIGKILL);
  EXPECT_EQ(workers[victim]->AwaitExit(), "killed by SIGKILL");
  RecoverSlot(master.zone(), tags[victim]);
  EXPECT_EQ(AskForPid(TestClient(master.port())), workers[1 - victim]->pid());
  EXPECT_EQ(AskForPid(TestClient(master.port())), workers[1 - victim]->pid());
}

TEST(Worker, WritesItsPidAndItsHeartbeatIntoTheRegistry) {
  const TestMaster master;
  const ipc::OwnerTag tag = master.Reserve();
  const auto worker = master.StartWorker(tag);
  const auto record = master.zone().registry().Read(tag.slot());
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->pid, worker->pid());
  EXPECT_GT(record->heartbeat.time_since_epoch().count(), 0);
}

TEST(Worker, ShowsWhatItIsAsItsTitle) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  EXPECT_EQ(Title(worker->pid()), "muster: worker process 1 (generation 7)");
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  EXPECT_EQ(worker->Ask(Command::kDrain), "");
  EXPECT_EQ(Title(worker->pid()), "muster: worker process 1 (generation 7) is draining");
}

TEST(Worker, IsKnownByItsSlotToAMasterOfVersion1) {
  const TestMaster master;
  v1::Hello hello = master.Hello(master.Reserve());
  hello.clear_newest_version();
  hello.clear_index();
  TestWorker worker(TestMaster::Program());
  master.Introduce(worker, hello);
  ASSERT_EQ(worker.Receive().command_as<Command>(), Command::kReady);
  EXPECT_EQ(Title(worker.pid()), "muster: worker process 3 (generation 7)");
}

// Between READY and SERVE.

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

TEST(Worker, SpeaksTheNewestVersionThatTheMasterKnows) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  v1::Hello hello = master.Hello(master.Reserve());
  hello.set_newest_version(kProtocolVersion + 1);
  master.Introduce(worker, hello);
  v1::Ready ready;
  ASSERT_TRUE(ready.ParseFromString(worker.Receive().payload));
  EXPECT_EQ(ready.protocol(), kProtocolVersion);
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

// What it refuses.

TEST(Worker, RefusesAnotherVersionOfTheProtocol) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  v1::Hello hello = master.Hello(master.Reserve());
  hello.set_version(9);
  master.Introduce(worker, hello);
  EXPECT_EQ(ReceiveReason(worker),
            "HELLO: the master speaks version 9 of the protocol, this worker versions 1 to 2");
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, RefusesAZoneThatIsNone) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  SendListener(worker, master.listener());
  ipc::SharedMemoryOptions options;
  options.size_bytes = 1 << 20;
  const auto garbage = ipc::SharedMemory::CreateMemfd("garbage", options);
  ASSERT_TRUE(garbage.ok()) << garbage.status();
  const ipc::UniqueFd config = master.SealConfig();
  const v1::Hello hello = master.Hello(master.Reserve());
  const int fds[] = {garbage->fd(), config.get(), master.handoff_take(), master.handoff_give()};
  worker.Send(Command::kHello, &hello, fds);
  EXPECT_THAT(ReceiveReason(worker), HasSubstr("attach shared zone: shared header: state"));
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, RefusesAConfigurationThatIsNotSealed) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  SendListener(worker, master.listener());
  const ipc::UniqueFd config(::memfd_create("config", MFD_CLOEXEC));
  const v1::Hello hello = master.Hello(master.Reserve());
  const int fds[] = {master.zone().fd(), config.get(), master.handoff_take(),
                     master.handoff_give()};
  worker.Send(Command::kHello, &hello, fds);
  EXPECT_THAT(ReceiveReason(worker), StartsWith("configuration: "));
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, RefusesAConfigurationWithoutDefaults) {
  TestMaster master;
  master.config().clear_shutdown_timeout();
  TestWorker worker(TestMaster::Program());
  master.Introduce(worker, master.Hello(master.Reserve()));
  EXPECT_EQ(ReceiveReason(worker), "configuration: shutdown_timeout is not filled in");
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, RefusesATagThatNobodyReserved) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  master.Introduce(worker, master.Hello(ipc::OwnerTag(2, 5)));
  EXPECT_THAT(ReceiveReason(worker), StartsWith("HELLO: the owner tag: join slot 2"));
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, RefusesATagBeyondTheZone) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  master.Introduce(worker, master.Hello(ipc::OwnerTag(100, 1)));
  EXPECT_THAT(ReceiveReason(worker), HasSubstr("names no slot of the shared zone, which has 8"));
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, RefusesAListenerThatIsNoStreamSocket) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  const ipc::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  SendListener(worker, socket.get());
  EXPECT_EQ(ReceiveReason(worker), "listener 127.0.0.1:0: its descriptor is no stream socket");
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, MissesAListenerThatDidNotArrive) {
  const TestMaster master;
  TestWorker worker(TestMaster::Program());
  v1::Hello hello = master.Hello(master.Reserve());
  hello.set_listeners(2);
  master.Introduce(worker, hello);
  EXPECT_EQ(ReceiveReason(worker), "HELLO: 2 listeners sent, 1 arrived");
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, RefusesACommandBeforeHello) {
  TestWorker worker(TestMaster::Program());
  worker.Send(Command::kReopen);
  EXPECT_EQ(ReceiveReason(worker), "command 19 (REOPEN), expected LISTENERS, ZONES or HELLO");
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, SaysWhyItsServiceCannotBeMade) {
  TestMaster master;
  master.config().mutable_service()->set_type_url("example/Chat");
  TestWorker worker(TestMaster::Program());
  master.Introduce(worker, master.Hello(master.Reserve()));
  EXPECT_EQ(ReceiveReason(worker), "service: this worker has no example/Chat");
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

TEST(Worker, TellsWhichFieldMakesItFail) {
  TestMaster master;
  master.config().mutable_log()->set_path("/nowhere/log");
  TestWorker worker(TestMaster::Program());
  master.Introduce(worker, master.Hello(master.Reserve()));
  const v1::Failed failed = ReceiveFailed(worker);
  EXPECT_EQ(failed.reason(), "log.path: open /nowhere/log: No such file or directory");
  EXPECT_EQ(failed.field(), "log.path");
}

TEST(Worker, EndsWhenItsMasterIsGoneBeforeHello) {
  TestWorker worker(TestMaster::Program());
  worker.CloseChannel();
  EXPECT_EQ(worker.AwaitExit(), "exited with code 1");
}

// Drain and end.

TEST(Drain, FinishesTheRequestInFlight) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  client.Send("begun");
  EXPECT_EQ(worker->Ask(Command::kDrain), "");
  client.Send(", finished\n");
  EXPECT_EQ(client.ReadLine(), Answer(*worker, "begun, finished"));
  EXPECT_TRUE(client.IsAtEnd());
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Drain, AnswersAnIdleConnectionOnceMore) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  EXPECT_EQ(worker->Ask(Command::kDrain), "");
  EXPECT_EQ(AskForPid(client), worker->pid());
  EXPECT_TRUE(client.IsAtEnd());
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Drain, EndsAtOnceWithoutConnections) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  worker->Send(Command::kDrain);
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Drain, AcceptsNothingMore) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  EXPECT_EQ(worker->Ask(Command::kDrain), "");
  const TestClient late(master.port());
  late.Send("late\n");
  const auto successor = master.StartWorker();
  EXPECT_EQ(late.ReadLine(), Answer(*successor, "late"));
}

// The kernel told the draining worker alone of a connection; it must neither leave it behind nor
// answer it.
TEST(Drain, GivesTheConnectionsThatWaitForItAloneToOthers) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const auto successor = master.StartWorker();
  worker->Stop();
  worker->Send(Command::kDrain);
  const TestClient client(master.port());
  client.Send("waits\n");
  worker->Signal(SIGCONT);
  EXPECT_EQ(client.ReadLine(), Answer(*successor, "waits"));
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Drain, TellsHowManyConnectionsItHoldsAndKeeps) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  worker->Send(Command::kDrain, nullptr, {}, kWantsAck);
  v1::Ack ack;
  ASSERT_TRUE(ack.ParseFromString(worker->Receive().payload));
  EXPECT_EQ(ack.held(), 1u);
  EXPECT_EQ(ack.kept(), 1u) << "there is no other worker";
}

TEST(Drain, ClosesWhatIsLeftAtItsDeadlineAndCountsIt) {
  TestMaster master;
  master.config().mutable_shutdown_timeout()->set_seconds(0);
  master.config().mutable_shutdown_timeout()->set_nanos(20'000'000);
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  client.Send("never finished");
  worker->Send(Command::kQuit);
  EXPECT_TRUE(client.IsAtEnd());
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
  EXPECT_EQ(master.zone().Sum().closed_at_deadline, 1u);
  EXPECT_EQ(master.zone().Sum().active, 0u);
}

TEST(Quit, ClosesIdleConnectionsAndFinishesTheOthers) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient idle(master.port());
  const TestClient busy(master.port());
  ASSERT_EQ(AskForPid(idle), worker->pid());
  ASSERT_EQ(AskForPid(busy), worker->pid());
  busy.Send("begun");
  // Served after the bytes above, which the worker has then.
  ASSERT_EQ(AskForPid(TestClient(master.port())), worker->pid());
  worker->Send(Command::kQuit);
  EXPECT_TRUE(idle.IsAtEnd());
  busy.Send("\n");
  EXPECT_EQ(busy.ReadLine(), Answer(*worker, "begun"));
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Quit, AfterDrainClosesIdleConnections) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  EXPECT_EQ(worker->Ask(Command::kDrain), "");
  worker->Send(Command::kQuit);
  EXPECT_TRUE(client.IsAtEnd());
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Quit, IsWhatTheEndOfTheChannelMeans) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  worker->CloseChannel();
  EXPECT_TRUE(client.IsAtEnd());
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Quit, IsWhatTheSignalMeans) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  worker->Signal(SIGQUIT);
  EXPECT_TRUE(client.IsAtEnd());
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST(Terminate, DoesNotWaitForARequestInFlight) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  client.Send("begun");
  worker->Send(Command::kTerminate);
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
  EXPECT_EQ(master.zone().Sum().active, 0u);
}

class FastSignal : public ::testing::TestWithParam<int> {};

TEST_P(FastSignal, EndsTheWorker) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  worker->Signal(GetParam());
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

INSTANTIATE_TEST_SUITE_P(All, FastSignal, ::testing::Values(SIGTERM, SIGINT));

TEST(Worker, IgnoresTheSignalsOfItsMaster) {
  const TestMaster master;
  const auto worker = master.StartWorker();
  for (const int signal : {SIGHUP, SIGUSR2, SIGPIPE}) worker->Signal(signal);
  EXPECT_EQ(AskForPid(TestClient(master.port())), worker->pid());
}

// Other commands.

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
