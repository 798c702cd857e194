#include "muster/ipc/channel/posix_queue.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

// Unique among the processes of this machine.
std::string TestName() {
  return absl::StrCat("/muster_test_", ::getpid(), "_",
                      testing::UnitTest::GetInstance()->current_test_info()->name());
}

// A queue whose name is gone already, so that nothing stays behind.
PosixQueue MakeQueue(const PosixQueue::Options& options = {}) {
  auto queue = PosixQueue::Create(TestName(), options);
  EXPECT_TRUE(queue.ok()) << queue.status();
  EXPECT_TRUE(PosixQueue::Unlink(TestName()).ok());
  return *std::move(queue);
}

TEST(PosixQueue, KeepsAMessageOfAProcessThatWasKilled) {
  const PosixQueue queue = MakeQueue();
  ForkedChild child([&] { return queue.Send("last words").ok() ? ::raise(SIGKILL) : 1; });
  ASSERT_EQ(child.Join(), -SIGKILL);
  std::string message;
  ASSERT_EQ(*queue.Receive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message, "last words");
}

TEST(PosixQueue, DeliversTheHighestPriorityFirst) {
  const PosixQueue queue = MakeQueue();
  ASSERT_TRUE(queue.Send("low", 1).ok());
  ASSERT_TRUE(queue.Send("high", 9).ok());
  std::string message;
  unsigned priority = 0;
  ASSERT_EQ(*queue.TryReceive(&message, &priority), ReceiveOutcome::kReceived);
  EXPECT_EQ(message, "high");
  EXPECT_EQ(priority, 9u);
}

TEST(PosixQueue, CarriesEmptyAndLongestMessages) {
  const PosixQueue queue = MakeQueue({.max_messages = 2, .max_message_bytes = 100});
  const std::string longest(100, 'x');
  ASSERT_TRUE(queue.Send("").ok());
  ASSERT_TRUE(queue.Send(longest).ok());
  std::string message = "old";
  ASSERT_EQ(*queue.Receive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message, "");
  ASSERT_EQ(*queue.Receive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message, longest);
}

TEST(PosixQueue, WouldBlockWhenItIsFullOrEmpty) {
  const PosixQueue queue = MakeQueue({.max_messages = 2, .max_message_bytes = 10});
  std::string message;
  EXPECT_EQ(*queue.TryReceive(&message), ReceiveOutcome::kWouldBlock);
  EXPECT_EQ(*queue.TrySend("a"), SendOutcome::kSent);
  EXPECT_EQ(*queue.TrySend("b"), SendOutcome::kSent);
  EXPECT_EQ(*queue.TrySend("c"), SendOutcome::kWouldBlock);
  ASSERT_EQ(*queue.TryReceive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message, "a");
}

TEST(PosixQueue, RefusesWhatIsOverItsLimits) {
  const PosixQueue queue = MakeQueue({.max_messages = 2, .max_message_bytes = 10});
  EXPECT_EQ(
      queue.TrySend("12345678901").status(),
      absl::InvalidArgumentError("mq_send: 11 bytes at priority 0, expected at most 10 and 32767"));
  EXPECT_EQ(queue.TrySend("x", 32768).status(),
            absl::InvalidArgumentError(
                "mq_send: 1 bytes at priority 32768, expected at most 10 and 32767"));
}

TEST(PosixQueue, IsOpenedByItsName) {
  const auto queue = PosixQueue::Create(TestName(), {.max_messages = 2, .max_message_bytes = 77});
  ASSERT_TRUE(queue.ok()) << queue.status();
  const auto same = PosixQueue::Open(TestName());
  const auto taken = PosixQueue::Create(TestName(), {});
  ASSERT_TRUE(PosixQueue::Unlink(TestName()).ok());
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->max_message_bytes(), 77u);
  EXPECT_EQ(taken.status(),
            absl::AlreadyExistsError(absl::StrCat("mq_open ", TestName(), ": File exists")));
  ASSERT_TRUE(queue->Send("x").ok());
  std::string message;
  EXPECT_EQ(*same->TryReceive(&message), ReceiveOutcome::kReceived);
}

TEST(PosixQueue, SaysThatThereIsNone) {
  const std::string expected = absl::StrCat(TestName(), ": No such file or directory");
  EXPECT_EQ(PosixQueue::Open(TestName()).status(),
            absl::NotFoundError(absl::StrCat("mq_open ", expected)));
  EXPECT_EQ(PosixQueue::Unlink(TestName()),
            absl::NotFoundError(absl::StrCat("mq_unlink ", expected)));
}

TEST(PosixQueue, IsNotTakenIfOthersMayWriteIt) {
  const auto queue = PosixQueue::Create(TestName(), {});
  ASSERT_EQ(::fchmod(queue->fd(), 0622), 0);
  const absl::Status status = PosixQueue::Open(TestName()).status();
  const bool is_taken_as_told = PosixQueue::Open(TestName(), {.others_may_write = true}).ok();
  ASSERT_TRUE(PosixQueue::Unlink(TestName()).ok());
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(absl::StrContains(status.message(), TestName())) << status;
  EXPECT_TRUE(is_taken_as_told);
}

TEST(PosixQueue, IsNotTakenFromAStranger) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a queue of another user";
  const auto queue = PosixQueue::Create(TestName(), {});
  const bool is_given = ::fchown(queue->fd(), 4711, -1) == 0;
  const absl::Status status = PosixQueue::Open(TestName()).status();
  const bool is_taken_as_told = PosixQueue::Open(TestName(), {.user = 4711}).ok();
  ASSERT_TRUE(PosixQueue::Unlink(TestName()).ok());
  if (!is_given) GTEST_SKIP() << "this root, of a user namespace, has no other user";
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(is_taken_as_told);
}

TEST(PosixQueue, RefusesLimitsOfZero) {
  EXPECT_EQ(
      PosixQueue::Create(TestName(), {.max_messages = 0, .max_message_bytes = 8}).status().code(),
      absl::StatusCode::kInvalidArgument);
}

TEST(PosixQueue, IsADescriptorThatExecCloses) {
  const PosixQueue queue = MakeQueue();
  EXPECT_EQ(::fcntl(queue.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

}  // namespace
}  // namespace muster::ipc
