#include "muster/ipc/channel/sysv_queue.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

SysvQueue MakeQueue() {
  auto queue = SysvQueue::CreatePrivate();
  EXPECT_TRUE(queue.ok()) << queue.status();
  return *std::move(queue);
}

// Unique among the tests of this machine, and not IPC_PRIVATE.
key_t TestKey() { return 0x4d000000 + ::getpid(); }

TEST(SysvQueue, CarriesAMessageFromAProcessThatWasKilled) {
  const SysvQueue queue = MakeQueue();
  ForkedChild child([&] { return queue.Send(5, "last words").ok() ? ::raise(SIGKILL) : 1; });
  ASSERT_EQ(child.Join(), -SIGKILL);
  std::string message;
  long type = 0;
  ASSERT_EQ(*queue.Receive(0, &message, &type), ReceiveOutcome::kReceived);
  EXPECT_EQ(message, "last words");
  EXPECT_EQ(type, 5);
}

TEST(SysvQueue, LetsTheReceiverChooseAType) {
  const SysvQueue queue = MakeQueue();
  ASSERT_TRUE(queue.Send(1, "one").ok());
  ASSERT_TRUE(queue.Send(2, "two").ok());
  std::string message;
  EXPECT_EQ(*queue.TryReceive(3, &message), ReceiveOutcome::kWouldBlock);
  ASSERT_EQ(*queue.TryReceive(2, &message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message, "two");
}

TEST(SysvQueue, LosesNothingWhenItIsFull) {
  const SysvQueue queue = MakeQueue();
  int sent = 0;
  while (*queue.TrySend(1, absl::StrCat(sent)) == SendOutcome::kSent) ASSERT_LT(++sent, 1 << 20);
  std::string message;
  for (int i = 0; i < sent; ++i) {
    ASSERT_EQ(*queue.TryReceive(0, &message), ReceiveOutcome::kReceived);
    ASSERT_EQ(message, absl::StrCat(i));
  }
  EXPECT_EQ(*queue.TryReceive(0, &message), ReceiveOutcome::kWouldBlock);
}

TEST(SysvQueue, CarriesEmptyMessages) {
  const SysvQueue queue = MakeQueue();
  ASSERT_TRUE(queue.Send(1, "").ok());
  std::string message = "old";
  ASSERT_EQ(*queue.Receive(0, &message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message, "");
}

TEST(SysvQueue, RefusesATypeBelowOne) {
  const SysvQueue queue = MakeQueue();
  EXPECT_EQ(queue.TrySend(0, "abc").status(),
            absl::InvalidArgumentError(absl::StrCat("msgsnd 3 bytes of type 0 to queue ",
                                                    queue.id(), ": Invalid argument")));
}

TEST(SysvQueue, WakesAWaiterWhenItIsRemoved) {
  auto queue = SysvQueue::CreatePrivate();
  ForkedChild child([&] {
    std::string message;
    return *queue->Receive(0, &message) == ReceiveOutcome::kPeerGone ? 0 : 1;
  });
  AwaitAsleep(child.pid());
  { const SysvQueue removed = *std::move(queue); }
  EXPECT_EQ(child.Join(), 0);
}

TEST(SysvQueue, EndsAWaitWithADeadlineWhenItIsRemoved) {
  std::unique_ptr<SysvQueue> queue = std::make_unique<SysvQueue>(MakeQueue());
  ForkedChild waiter([id = queue->id()] {
    std::string message;
    return *SysvQueue::OpenById(id)->Receive(
               0, &message, nullptr, Deadline::After(absl::Hours(1))) == ReceiveOutcome::kPeerGone
               ? 0
               : 1;
  });
  AwaitAsleep(waiter.pid());
  queue.reset();
  EXPECT_EQ(waiter.Join(), 0);
}

TEST(SysvQueue, IsFoundByItsKeyUntilItsCreatorRemovesIt) {
  {
    const auto queue = SysvQueue::Create(TestKey());
    ASSERT_TRUE(queue.ok()) << queue.status();
    EXPECT_EQ(SysvQueue::Create(TestKey()).status().code(), absl::StatusCode::kAlreadyExists);
    { const auto same = SysvQueue::Open(TestKey()); }  // removes nothing
    const auto same = SysvQueue::Open(TestKey());
    ASSERT_TRUE(same.ok()) << same.status();
    EXPECT_EQ(same->id(), queue->id());
    EXPECT_TRUE(SysvQueue::OpenById(queue->id()).ok());
  }
  EXPECT_EQ(
      SysvQueue::Open(TestKey()).status(),
      absl::NotFoundError(absl::StrCat("msgget key ", TestKey(), ": No such file or directory")));
}

TEST(SysvQueue, IsNotRemovedByAChildOfFork) {
  auto queue = SysvQueue::CreatePrivate();
  ForkedChild child([&] {
    const SysvQueue destroyed = *std::move(queue);
    return 0;
  });
  ASSERT_EQ(child.Join(), 0);
  EXPECT_TRUE(SysvQueue::OpenById(queue->id()).ok());
}

TEST(SysvQueue, IsNotTakenIfOthersMayWriteIt) {
  const auto queue = SysvQueue::Create(TestKey());
  msqid_ds settings;
  ASSERT_EQ(::msgctl(queue->id(), IPC_STAT, &settings), 0);
  settings.msg_perm.mode = 0622;
  ASSERT_EQ(::msgctl(queue->id(), IPC_SET, &settings), 0);
  const absl::Status status = SysvQueue::Open(TestKey()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(SysvQueue::OpenById(queue->id()).status(), status);
  EXPECT_TRUE(SysvQueue::Open(TestKey(), {.others_may_write = true}).ok());
}

// The creator may change it for ever, whoever its owner is now.
TEST(SysvQueue, IsNotTakenFromAStrangerWhoGaveItAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user for a while";
  const int made = [] {
    if (::seteuid(4711) != 0) return -1;
    const int id = ::msgget(IPC_PRIVATE, 0600);
    EXPECT_EQ(::seteuid(0), 0);
    return id;
  }();
  if (made < 0) GTEST_SKIP() << "this root, of a user namespace, has no other user";
  EXPECT_EQ(SysvQueue::OpenById(made).status(),
            absl::PermissionDeniedError(
                absl::StrCat("System V queue ", made, ": belongs to user 4711, expected 0")));
  msqid_ds settings;
  ASSERT_EQ(::msgctl(made, IPC_STAT, &settings), 0);
  settings.msg_perm.uid = 0;
  ASSERT_EQ(::msgctl(made, IPC_SET, &settings), 0);
  EXPECT_FALSE(SysvQueue::OpenById(made).ok());
  EXPECT_TRUE(SysvQueue::OpenById(made, {.user = 4711}).ok());
  ::msgctl(made, IPC_RMID, nullptr);
}

TEST(SysvQueue, SaysThatThereIsNone) { EXPECT_FALSE(SysvQueue::OpenById(-1).ok()); }

}  // namespace
}  // namespace muster::ipc
