// The deadlines of Send and Receive, of all that sends and receives.

#include "muster/ipc/channel/transfer.h"

#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/channel/pipe.h"
#include "muster/ipc/channel/posix_queue.h"
#include "muster/ipc/channel/sysv_queue.h"
#include "muster/ipc/channel/transfer_outcome.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

const std::string kMessage(1000, 'm');

// Sends and receives kMessage.
struct Way {
  std::function<absl::StatusOr<SendOutcome>(Deadline)> send;
  std::function<absl::StatusOr<ReceiveOutcome>(Deadline)> receive;
};

Way ChannelWay() {
  const auto pair = std::make_shared<Channel::Pair>(*Channel::CreatePair());
  return {[pair](Deadline deadline) { return pair->first.Send({.payload = kMessage}, deadline); },
          [pair](Deadline deadline) {
            ReceivedMessage message;
            return pair->second.Receive(&message, deadline);
          }};
}

Way PipeWay() {
  const auto pipe = std::make_shared<Pipe>(*Pipe::Create());
  return {[pipe](Deadline deadline) { return pipe->writer.Send(kMessage, deadline); },
          [pipe](Deadline deadline) {
            std::string record;
            return pipe->reader.Receive(&record, deadline);
          }};
}

Way PosixQueueWay() {
  const std::string name = absl::StrCat("/muster_transfer_test_", ::getpid());
  const auto queue = std::make_shared<PosixQueue>(*PosixQueue::Create(name, {}));
  EXPECT_TRUE(PosixQueue::Unlink(name).ok());
  return {[queue](Deadline deadline) { return queue->Send(kMessage, 0, deadline); },
          [queue](Deadline deadline) {
            std::string message;
            return queue->Receive(&message, nullptr, deadline);
          }};
}

Way SysvQueueWay() {
  const auto queue = std::make_shared<SysvQueue>(*SysvQueue::CreatePrivate());
  return {[queue](Deadline deadline) { return queue->Send(1, kMessage, deadline); },
          [queue](Deadline deadline) {
            std::string message;
            return queue->Receive(0, &message, nullptr, deadline);
          }};
}

struct Kind {
  const char* name;
  Way (*make)();
};

class EveryTransfer : public ::testing::TestWithParam<Kind> {
 protected:
  // With deadlines that have passed: they send all the same while there is room.
  int Fill() {
    int sent = 0;
    while (way_.send(kPassed).ok()) ++sent;
    return sent;
  }

  const Deadline kPassed = Deadline::After(-absl::Seconds(1));
  const Way way_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Transfer, EveryTransfer,
                         ::testing::Values(Kind{"Channel", ChannelWay}, Kind{"Pipe", PipeWay},
                                           Kind{"PosixQueue", PosixQueueWay},
                                           Kind{"SysvQueue", SysvQueueWay}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(EveryTransfer, TriesOnceAfterItsDeadline) {
  EXPECT_EQ(*way_.send(kPassed), SendOutcome::kSent);
  EXPECT_EQ(*way_.receive(kPassed), ReceiveOutcome::kReceived);
  EXPECT_TRUE(absl::IsDeadlineExceeded(way_.receive(kPassed).status()));
}

TEST_P(EveryTransfer, EndsAReceiveAtItsDeadlineAndNotBefore) {
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_TRUE(absl::IsDeadlineExceeded(way_.receive(deadline).status()));
  EXPECT_TRUE(deadline.has_passed());
}

TEST_P(EveryTransfer, EndsASendAtItsDeadlineAndNotBefore) {
  ASSERT_GT(Fill(), 0);
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_TRUE(absl::IsDeadlineExceeded(way_.send(deadline).status()));
  EXPECT_TRUE(deadline.has_passed());
}

TEST_P(EveryTransfer, ReceivesWhatIsSentBeforeItsDeadline) {
  ForkedChild receiver([&] {
    const auto outcome = way_.receive(Deadline::After(absl::Hours(1)));
    return outcome.ok() && *outcome == ReceiveOutcome::kReceived ? 0 : 1;
  });
  AwaitAsleep(receiver.pid());
  EXPECT_EQ(*way_.send(Deadline::Never()), SendOutcome::kSent);
  EXPECT_EQ(receiver.Join(), 0);
}

TEST_P(EveryTransfer, SendsWhenThereIsRoomBeforeItsDeadline) {
  const int sent = Fill();
  ForkedChild sender([&] {
    const auto outcome = way_.send(Deadline::After(absl::Hours(1)));
    return outcome.ok() && *outcome == SendOutcome::kSent ? 0 : 1;
  });
  AwaitAsleep(sender.pid());
  for (int i = 0; i <= sent; ++i)
    EXPECT_EQ(*way_.receive(Deadline::Never()), ReceiveOutcome::kReceived);
  EXPECT_EQ(sender.Join(), 0);
}

TEST(Transfer, TriesAgainLaterWithoutNotice) {
  int attempts = 0;
  const auto outcome =
      Transfer("send", ::getpid(), 0, Deadline::Never(), [&]() -> absl::StatusOr<SendOutcome> {
        return ++attempts < 3 ? SendOutcome::kTryLater : SendOutcome::kSent;
      });
  EXPECT_EQ(*outcome, SendOutcome::kSent);
  EXPECT_EQ(attempts, 3);
}

TEST(Transfer, SaysWhatDidNotHappen) {
  const auto outcome =
      Transfer("send on channel", kNoDescriptor, 0, Deadline::After(absl::ZeroDuration()),
               []() -> absl::StatusOr<SendOutcome> { return SendOutcome::kTryLater; });
  EXPECT_EQ(outcome.status(),
            absl::DeadlineExceededError("send on channel: the deadline has passed"));
}

TEST(IsForLater, IsWhatPassesByItself) {
  for (const int error : {ETOOMANYREFS, ENOBUFS, ENOMEM}) EXPECT_TRUE(IsForLater(error)) << error;
  for (const int error : {EAGAIN, EPIPE, EMSGSIZE, EPERM, EBADF, 0}) {
    EXPECT_FALSE(IsForLater(error)) << error;
  }
}

}  // namespace
}  // namespace muster::ipc
