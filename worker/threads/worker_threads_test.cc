// The threads of a worker when it drains and ends. Real workers.

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/testing/test_master.h"
#include "muster/worker/testing/test_worker.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;
using testing::TestClient;
using testing::TestMaster;
using testing::TestWorker;

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }
std::string Path(const std::string& name) {
  return absl::StrCat(::testing::TempDir(), "/worker_threads_", ::getpid(), "_", name);
}

class WorkerThreadsTest : public ::testing::Test {
 protected:
  WorkerThreadsTest() {
    master_.config().mutable_threads()->set_count(2);
    master_.config().mutable_threads()->set_queue(8);
  }
  std::unique_ptr<TestWorker> Start() const {
    return master_.StartWorker(master_.Reserve(), "worker/threads/task_worker");
  }
  void SetShutdownTimeout(int milliseconds) {
    master_.config().mutable_shutdown_timeout()->set_seconds(0);
    master_.config().mutable_shutdown_timeout()->set_nanos(milliseconds * 1'000'000);
  }

  TestMaster master_;
};

TEST_F(WorkerThreadsTest, Serve) {
  const auto worker = Start();
  const TestClient client(master_.port());
  client.Send("answer one\n");
  EXPECT_EQ(client.ReadLine(), "one");
}

TEST_F(WorkerThreadsTest, RefuseAServiceWithoutThem) {
  master_.config().clear_threads();
  TestWorker worker("worker/threads/task_worker");
  master_.Introduce(worker, master_.Hello(master_.Reserve()));
  EXPECT_THAT(ReceiveReason(worker), HasSubstr("the configuration needs threads { count: ... }"));
}

TEST_F(WorkerThreadsTest, TakeTasksInADrainAsLongAsAClientIsThere) {
  const auto worker = Start();
  TestClient client(master_.port());
  client.Send("answer one\n");
  ASSERT_EQ(client.ReadLine(), "one");
  EXPECT_EQ(worker->Ask(Command::kDrain), "");
  client.Send("answer two\n");
  EXPECT_EQ(client.ReadLine(), "two");
  client.Close();
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST_F(WorkerThreadsTest, AreToldOfTheEndWhenTheLastClientIsGone) {
  const auto worker = Start();
  TestClient client(master_.port());
  const std::string path = Path("cancelled");
  client.Send(absl::StrCat("until ", path, "\n"));
  ASSERT_EQ(client.ReadLine(), "begun");
  EXPECT_EQ(worker->Ask(Command::kDrain), "");
  client.Close();
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
  EXPECT_TRUE(Exists(path));
}

TEST_F(WorkerThreadsTest, FinishWhatOutlastsTheClients) {
  const auto worker = Start();
  TestClient client(master_.port());
  const std::string path = Path("gate");
  client.Send(absl::StrCat("after ", path, "\n"));
  ASSERT_EQ(client.ReadLine(), "begun");
  client.Close();
  EXPECT_EQ(worker->Ask(Command::kQuit), "");
  EXPECT_FALSE(Exists(path + ".done"));
  std::ofstream file(path);
  file.close();
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
  EXPECT_TRUE(Exists(path + ".done"));
}

TEST_F(WorkerThreadsTest, DoNotHoldAWorkerPastItsShutdownTimeout) {
  SetShutdownTimeout(50);
  const auto worker = Start();
  TestClient client(master_.port());
  client.Send("stuck\n");
  ASSERT_EQ(client.ReadLine(), "begun");
  client.Close();
  worker->Send(Command::kQuit);
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST_F(WorkerThreadsTest, DoNotHoldAWorkerThatIsToEndAtOnce) {
  const auto worker = Start();
  const TestClient client(master_.port());
  client.Send("stuck\n");
  ASSERT_EQ(client.ReadLine(), "begun");
  worker->Send(Command::kTerminate);
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
}

TEST_F(WorkerThreadsTest, LetTheServiceWriteOutWhatItHasWhenTheyAreStuck) {
  const std::string path = Path("log");
  master_.config().mutable_log()->set_path(path);
  const auto worker = Start();
  const TestClient client(master_.port());
  client.Send("stuck\n");
  ASSERT_EQ(client.ReadLine(), "begun");
  worker->Send(Command::kTerminate);
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
  std::ifstream file(path);
  const std::string log(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(log, HasSubstr("tasks of the service do not return and end with the process: 1\n"));
  EXPECT_THAT(log, HasSubstr("written out\n"));
}

TEST_F(WorkerThreadsTest, AreToldWhenTheWorkerIsToEndAtOnce) {
  const auto worker = Start();
  const TestClient client(master_.port());
  const std::string path = Path("terminated");
  client.Send(absl::StrCat("until ", path, "\n"));
  ASSERT_EQ(client.ReadLine(), "begun");
  worker->Send(Command::kTerminate);
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
  EXPECT_TRUE(Exists(path));
}

}  // namespace
}  // namespace muster::worker
