#include "muster/worker/runtime/run_worker.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/worker/testing/echo_answer.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/testing/test_master.h"
#include "muster/worker/testing/test_worker.h"

namespace muster::worker {
namespace {

using testing::AskForPid;
using ::testing::HasSubstr;
using testing::ReceiveFailed;
using testing::ReceiveReason;
using testing::SendListener;
using ::testing::StartsWith;
using testing::TestClient;
using testing::TestMaster;
using testing::TestWorker;

std::string Title(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/cmdline"));
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  return bytes.substr(0, bytes.find('\0'));
}

TEST(Worker, SaysThatItIsForAMasterWithoutAChannel) {
  // Descriptor 3 is closed in the child of a shell.
  const int status = std::system(absl::StrCat(TestMaster::Program(), " 3<&- 2>/dev/null").c_str());
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
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

// The text of a configuration is another's.
TEST(Worker, EscapesWhyItCannotStartWhereNoMasterIsLeftToTell) {
  TestMaster master;
  master.config().mutable_log()->set_path("/no\x1b[31m\nwhere/log");
  ::testing::internal::CaptureStderr();
  TestWorker worker(TestMaster::Program());
  worker.Stop();
  master.Introduce(worker, master.Hello(master.Reserve()));
  worker.CloseChannel();
  worker.Signal(SIGCONT);
  EXPECT_EQ(worker.AwaitExit(), "exited with code 1");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "worker: cannot start: log.path: open /no\\x1b[31m\\x0awhere/log: No such file or "
            "directory\n");
}

}  // namespace
}  // namespace muster::worker
