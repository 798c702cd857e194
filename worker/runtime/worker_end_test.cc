// How a worker ends: DRAIN, QUIT, TERMINATE, and the signals for them. Real workers.

#include <csignal>
#include <thread>

#include "gtest/gtest.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/testing/echo_answer.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/testing/test_master.h"
#include "muster/worker/testing/test_worker.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {
namespace {

using testing::Answer;
using testing::AskForPid;
using testing::TestClient;
using testing::TestMaster;

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

// As DRAIN does, it leaves an idle connection open. The master writes the generation first.
TEST(Drain, IsWhatTheSignalMeansOnceANewerGenerationServes) {
  const TestMaster master;
  const ipc::OwnerTag tag = master.Reserve();
  const auto worker = master.StartWorker(tag);
  const TestClient client(master.port());
  ASSERT_EQ(AskForPid(client), worker->pid());
  master.zone().master_status().generation.Set(8);
  worker->Signal(SIGQUIT);
  while (ReadPhase(master.zone().worker_status(tag.slot())) != WorkerPhase::kDraining) {
    std::this_thread::yield();
  }
  EXPECT_EQ(AskForPid(client), worker->pid());
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

}  // namespace
}  // namespace muster::worker
