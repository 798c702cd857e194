// How workers share the connections that come, with each way to accept. Real workers.

#include <sys/resource.h>

#include <csignal>
#include <memory>
#include <set>

#include "gtest/gtest.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/testing/echo_answer.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/testing/test_master.h"
#include "muster/worker/testing/test_worker.h"
#include "muster/worker/zone/slot_recovery.h"

namespace muster::worker {
namespace {

using testing::Answer;
using testing::AskForPid;
using testing::TestClient;
using testing::TestMaster;
using testing::TestWorker;

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

}  // namespace
}  // namespace muster::worker
