#include "muster/ipc/lock/liveness.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/scratch_folder.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/without_descriptors.h"

namespace muster::ipc {
namespace {

using testing::ScratchFolder;

class LivenessTest : public ::testing::Test {
 protected:
  static Liveness Bind(int fd) {
    auto liveness = Liveness::Bind(fd);
    EXPECT_TRUE(liveness.ok()) << liveness.status();
    return *std::move(liveness);
  }
  Liveness Bind() const { return Bind(segment_fd()); }
  int segment_fd() const { return zone_.memory().fd(); }

  // Holds `slot` and does `then`, in a child that lives until the end of the test.
  template <typename Then>
  void HoldElsewhere(std::uint32_t slot, Then then) {
    holder_.emplace([&] {
      const bool is_held = *mine_.TryHold(slot);
      then();
      held_->Open();
      never_->Await();
      return is_held ? 0 : 1;
    });
    held_->Await();
  }
  void HoldElsewhere(std::uint32_t slot) {
    HoldElsewhere(slot, [] {});
  }

  TestZone zone_;
  Gate* held_ = zone_.Place<Gate>();
  Gate* never_ = zone_.Place<Gate>();
  const Liveness mine_ = Bind();
  std::optional<ForkedChild> holder_;
};

TEST_F(LivenessTest, HoldsASlotAtMostOnce) {
  EXPECT_TRUE(*mine_.TryHold(3));
  EXPECT_FALSE(*mine_.TryHold(3));
  EXPECT_FALSE(*Bind().TryHold(3));
}

TEST_F(LivenessTest, KeepsSlotsApart) {
  EXPECT_TRUE(*mine_.TryHold(3));
  const Liveness other = Bind();
  EXPECT_TRUE(mine_.IsHeld(3));
  EXPECT_TRUE(other.IsHeld(3));
  EXPECT_FALSE(other.IsHeld(2));
  EXPECT_FALSE(other.IsHeld(4));
}

TEST_F(LivenessTest, FreesWhatIsReleased) {
  EXPECT_TRUE(*mine_.TryHold(3));
  mine_.Release(3);
  EXPECT_FALSE(mine_.IsHeld(3));
  EXPECT_FALSE(Bind().IsHeld(3));
}

TEST_F(LivenessTest, DoesNotReleaseWhatAnotherHolds) {
  const Liveness other = Bind();
  ASSERT_TRUE(*other.TryHold(3));
  mine_.Release(3);
  EXPECT_TRUE(mine_.IsHeld(3));
}

TEST_F(LivenessTest, SeesAHolderInAnotherProcessUntilItIsKilled) {
  HoldElsewhere(3);
  EXPECT_TRUE(mine_.IsHeld(3));
  EXPECT_FALSE(*mine_.TryHold(3));
  holder_->Kill();
  EXPECT_FALSE(mine_.IsHeld(3));
}

TEST_F(LivenessTest, OutlivesACloseOfADuplicateOfTheSegmentsDescriptor) {
  HoldElsewhere(3, [&] { ::close(::dup(segment_fd())); });
  EXPECT_TRUE(mine_.IsHeld(3));
}

TEST_F(LivenessTest, OutlivesACloseOfAnotherOpeningOfTheSegment) {
  HoldElsewhere(3, [&] {
    ::close(::open(absl::StrCat("/proc/self/fd/", segment_fd()).c_str(), O_RDWR | O_CLOEXEC));
    Bind();
  });
  EXPECT_TRUE(mine_.IsHeld(3));
}

TEST_F(LivenessTest, OutlivesTheSegmentsDescriptorThatWasSentAndClosed) {
  HoldElsewhere(3, [&] {
    auto pair = Channel::CreatePair();
    ASSERT_TRUE(pair.ok());
    const int fd = segment_fd();
    ASSERT_TRUE(pair->first.Send({.command = 1, .fds = absl::MakeConstSpan(&fd, 1)}).ok());
    ReceivedMessage message;
    ASSERT_TRUE(pair->second.Receive(&message).ok());
    message.fds.clear();
  });
  EXPECT_TRUE(mine_.IsHeld(3));
}

TEST_F(LivenessTest, StaysWithTheSegmentWhoseNameIsGivenToAnother) {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/segment";
  auto first = SharedMemory::CreateFile(path, {.size_bytes = 4096});
  ASSERT_TRUE(first.ok() && first->Publish().ok());
  const Liveness owner = Bind(first->fd());
  ASSERT_TRUE(*owner.TryHold(3));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  auto second = SharedMemory::CreateFile(path, {.size_bytes = 4096});
  ASSERT_TRUE(second.ok() && second->Publish().ok());
  // Who maps the first one sees its holder, who maps the second one sees nobody.
  EXPECT_TRUE(Bind(first->fd()).IsHeld(3));
  EXPECT_FALSE(Bind(second->fd()).IsHeld(3));
  EXPECT_NE(Bind(first->fd()).inode(), Bind(second->fd()).inode());
}

TEST_F(LivenessTest, EndsWhenTheHolderCallsExec) {
  Gate* may_exec = zone_.Place<Gate>();
  const pid_t child = ::fork();
  if (child == 0) {
    if (!*mine_.TryHold(3)) ::_exit(1);
    held_->Open();
    may_exec->Await();
    ::execlp("sleep", "sleep", "600", nullptr);
    ::_exit(1);
  }
  held_->Await();
  EXPECT_TRUE(mine_.IsHeld(3));
  may_exec->Open();
  const Deadline deadline = Deadline::After(absl::Seconds(60));
  while (mine_.IsHeld(3)) ASSERT_FALSE(deadline.has_passed());
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "the process itself lives";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(LivenessTest, IsNotHeldByAChildThatOutlivesItsHolder) {
  Gate* forked = zone_.Place<Gate>();
  Gate* checked = zone_.Place<Gate>();
  ForkedChild holder([&] {
    if (!*mine_.TryHold(3)) return 1;
    ForkedChild grandchild([&] {
      ::prctl(PR_SET_PDEATHSIG, 0);
      ::alarm(60);  // but not for ever, should the test die
      forked->Open();
      checked->Await();
      return 0;
    });
    forked->Await();
    grandchild.Release();
    return 0;
  });
  EXPECT_EQ(holder.Join(), 0);
  EXPECT_FALSE(mine_.IsHeld(3));
  checked->Open();
}

TEST_F(LivenessTest, IsUsableInAChildOfFork) {
  ASSERT_TRUE(*mine_.TryHold(3));
  ForkedChild child([&] {
    // The parent's slot is another's here.
    if (!mine_.IsHeld(3) || *mine_.TryHold(3)) return 1;
    mine_.Release(3);
    if (!mine_.IsHeld(3)) return 2;
    return *mine_.TryHold(4) ? 0 : 3;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_TRUE(Bind().IsHeld(3));
}

TEST_F(LivenessTest, IsUsableInAChildThatNoHandlerKnowsOf) {
  ASSERT_TRUE(*mine_.TryHold(3));
  const pid_t child = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr));
  if (child == 0) {
    int result = 0;
    if (!mine_.IsHeld(3) || *mine_.TryHold(3)) result = 1;
    if (!*mine_.TryHold(4)) result = 2;
    ::_exit(result);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(Bind().IsHeld(3));
}

TEST_F(LivenessTest, IsSeenAcrossPidNamespaces) {
  const Liveness other = Bind();
  ASSERT_TRUE(*other.TryHold(3));
  ForkedChild outer([&] {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return 77;
    // Its first child is process 1 of the new namespace.
    const pid_t first = ::fork();
    if (first == 0) {
      if (!mine_.IsHeld(3)) ::_exit(1);
      ::_exit(*mine_.TryHold(4) ? 0 : 2);
    }
    int status = 0;
    ::waitpid(first, &status, 0);
    return status == 0 ? 0 : 1;
  });
  const int result = outer.Join();
  if (result == 77) GTEST_SKIP() << "this machine makes no pid namespaces";
  EXPECT_EQ(result, 0);
}

TEST_F(LivenessTest, HoldsReservationsApartFromSlots) {
  const Liveness other = Bind();
  const OwnerTag tag(3, 5);
  EXPECT_TRUE(*other.TryHoldReservation(tag));
  EXPECT_FALSE(*other.TryHoldReservation(tag));
  EXPECT_FALSE(*mine_.TryHoldReservation(tag));
  EXPECT_TRUE(mine_.IsReservationHeld(tag));
  EXPECT_FALSE(mine_.IsHeld(3));
  EXPECT_FALSE(mine_.IsReservationHeld(OwnerTag(3, 6)));
  EXPECT_FALSE(mine_.IsReservationHeld(OwnerTag(4, 5)));
  other.ReleaseReservation(tag);
  EXPECT_FALSE(mine_.IsReservationHeld(tag));
}

TEST_F(LivenessTest, HoldsOneReservationOfASlot) {
  const Liveness other = Bind();
  EXPECT_TRUE(*other.TryHoldReservation(OwnerTag(3, 5)));
  EXPECT_TRUE(*other.TryHoldReservation(OwnerTag(4, 5)));
  EXPECT_TRUE(*other.TryHoldReservation(OwnerTag(3, 6)));
  EXPECT_FALSE(mine_.IsReservationHeld(OwnerTag(3, 5)));
  EXPECT_TRUE(mine_.IsReservationHeld(OwnerTag(3, 6)));
  other.ReleaseReservation(OwnerTag(3, 5));
  EXPECT_TRUE(mine_.IsReservationHeld(OwnerTag(3, 6)));
  EXPECT_TRUE(mine_.IsReservationHeld(OwnerTag(4, 5)));
}

TEST_F(LivenessTest, EndsAReservationWithItsProcess) {
  ForkedChild parent([&] { return *mine_.TryHoldReservation(OwnerTag(3, 5)) ? 0 : 1; });
  EXPECT_EQ(parent.Join(), 0);
  EXPECT_FALSE(mine_.IsReservationHeld(OwnerTag(3, 5)));
}

TEST_F(LivenessTest, LooksWithoutTheRightToWrite) {
  ASSERT_TRUE(*mine_.TryHold(3));
  const auto viewer = Liveness::BindReadOnly(segment_fd());
  ASSERT_TRUE(viewer.ok()) << viewer.status();
  EXPECT_TRUE(viewer->IsHeld(3));
  EXPECT_FALSE(viewer->IsHeld(4));
  EXPECT_TRUE(absl::IsPermissionDenied(viewer->TryHold(4).status()));
}

TEST_F(LivenessTest, TellsWhyTheKernelRefusesALock) {
  // Opens the segment for itself, for which there is no descriptor.
  ForkedChild child([&] {
    const WithoutDescriptors none;
    return mine_.TryHold(4).status().message() ==
                   "liveness: open the segment once more by /proc/self/fd: Too many open files"
               ? 0
               : 1;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST_F(LivenessTest, RefusesWhatIsNoFile) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  EXPECT_EQ(Liveness::Bind(read_end.get()).status().message(),
            "liveness: the descriptor is not that of a memfd or a file");
  EXPECT_EQ(Liveness::Bind(-1).status().message(), "liveness: fstat: Bad file descriptor");
}

TEST_F(LivenessTest, TellsItsObserver) {
  std::optional<OwnerTag> told;
  auto liveness = Liveness::Bind(segment_fd(), [&](OwnerTag dead) { told = dead; });
  ASSERT_TRUE(liveness.ok());
  liveness->Tell(OwnerTag(3, 5));
  EXPECT_EQ(told, OwnerTag(3, 5));
  mine_.Tell(OwnerTag(3, 5));  // has none
}

}  // namespace
}  // namespace muster::ipc
