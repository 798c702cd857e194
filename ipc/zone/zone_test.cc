// How a zone is opened, and who takes part in it.

#include "muster/ipc/zone/zone.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/zone/zone_fixture.h"

namespace muster::ipc {
namespace {

using ::testing::HasSubstr;

TEST_F(ZoneTest, IsUsedByProcessesThatKnowItsNameOnly) {
  const auto add = [&] {
    const Zone zone = Must(Zone::OpenOrCreate(Place()));
    const Participant self = Must(zone.Join());
    const auto mutex = Must(zone.Get<ZoneMutex>("lock"));
    const auto ledger = Must(zone.Get<Ledger>("ledger"));
    for (int i = 0; i < 1000; ++i) {
      const std::lock_guard lock(*mutex);
      ++ledger->balance;
    }
    return 0;
  };
  ForkedChild first(add);
  ForkedChild second(add);
  EXPECT_EQ(first.Join(), 0);
  EXPECT_EQ(second.Join(), 0);
  EXPECT_EQ(Must(Must(Zone::Open(Place())).Find<Ledger>("ledger"))->balance, 2007);
}

TEST_F(ZoneTest, IsMadeOnceByAllWhoNeedItAtOnce) {
  std::vector<std::unique_ptr<ForkedChild>> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(std::make_unique<ForkedChild>([&] {
      ready_->Await();
      const Zone zone = Must(Zone::OpenOrCreate(Place()));
      const Participant self = Must(zone.Join());
      Must(zone.Get<ZoneCounter>("count"))->Add();
      return 0;
    }));
  }
  ready_->Open();
  for (const auto& child : children) EXPECT_EQ(child->Join(), 0);
  const Zone zone = Must(Zone::Open(Place()));
  const Participant self = Must(zone.Join());
  EXPECT_EQ(Must(zone.Get<ZoneCounter>("count"))->value(), 8u);
}

TEST_F(ZoneTest, TellsWhyItIsNotOpened) {
  EXPECT_TRUE(absl::IsNotFound(Zone::Open(Place()).status()));
  EXPECT_THAT(Zone::Open(Place()).status().message(), HasSubstr(Path()));
  EXPECT_TRUE(absl::IsInvalidArgument(Zone::Open(ZonePlace::Memfd("x")).status()));
  const auto other = Must(SharedMemory::CreateMemfd("other", {.size_bytes = 4096}));
  EXPECT_THAT(Zone::Open(UniqueFd(::dup(other.fd()))).status().message(),
              HasSubstr("its magic is 0x0"));
  Must(Zone::Create(Place()));
  EXPECT_TRUE(absl::IsAlreadyExists(Zone::Create(Place()).status()));
}

TEST_F(ZoneTest, RefusesSizesThatItCannotHave) {
  const auto refusal = [&](const ZoneOptions& options) {
    return std::string(Zone::Create(ZonePlace::Memfd("x"), options).status().message());
  };
  EXPECT_THAT(refusal({.max_participants = 0}), HasSubstr("max_participants of 0"));
  EXPECT_THAT(refusal({.max_participants = 5000}), HasSubstr("max_participants of 5000"));
  EXPECT_THAT(refusal({.max_objects = 0}), HasSubstr("max_objects of 0"));
  EXPECT_THAT(refusal({.max_bytes = 4096}), HasSubstr("max_bytes of 4096"));
  EXPECT_THAT(refusal({.generation_bits = 0}), HasSubstr("generations of 0 bits"));
}

TEST_F(ZoneTest, IsAllocatedAtOnceUpToItsMost) {
  const Zone zone = NewZone({.initial_bytes = ~std::size_t{0}, .max_bytes = (1 << 20) + 1});
  EXPECT_EQ(zone.size_bytes(), (1u << 20) + 1);
  const Participant self = Must(zone.Join());
  EXPECT_TRUE(zone.Get<Ledger>("ledger").ok());
}

TEST_F(ZoneTest, NamesThePlaceOfWhatIsNoZone) {
  auto memory = Must(SharedMemory::CreateFile(Path(), {.size_bytes = 4096}));
  ASSERT_TRUE(memory.Publish().ok());
  EXPECT_THAT(Zone::Open(Place()).status().message(), HasSubstr(Path()));
  EXPECT_THAT(Zone::OpenReadOnly(Place()).status().message(), HasSubstr(Path()));
}

TEST_F(ZoneTest, IsOneAttachmentHoweverOftenItIsOpened) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  const auto mutex = Must(zone.Get<ZoneMutex>("lock"));
  ASSERT_EQ(mutex->Lock(), LockOutcome::kAcquired);
  {
    const Zone again = Must(Zone::Open(UniqueFd(::dup(zone.fd()))));
    EXPECT_TRUE(absl::IsAlreadyExists(again.Join().status()));
    EXPECT_EQ(Must(again.Get<ZoneMutex>("lock"))->Lock(), LockOutcome::kWouldDeadlock);
  }
  EXPECT_TRUE(zone.registry().IsLiveNow(self.tag()));
}

TEST_F(ZoneTest, IsLookedAtWithoutTheRightToChangeIt) {
  const Zone zone = Must(Zone::Create(Place()));
  std::optional<Participant> self = Must(zone.Join());
  Must(zone.Get<Ledger>("ledger"))->balance = 42;
  const Zone viewer = Must(Zone::OpenReadOnly(Place()));
  EXPECT_EQ(Must(viewer.Find<Ledger>("ledger"))->balance, 42);
  EXPECT_EQ(viewer.List().size(), 1u);
  EXPECT_TRUE(viewer.registry().IsLiveNow(self->tag()));
  for (const absl::Status& status : {viewer.Join().status(), viewer.Join(self->tag()).status(),
                                     viewer.Reserve().status(), viewer.Bury(self->tag())}) {
    EXPECT_EQ(status.message(), "zone: it was opened for reading only");
  }
  EXPECT_FALSE(viewer.Get<Ledger>("other").ok());
  EXPECT_TRUE(absl::IsNotFound(viewer.Find<Ledger>("other").status()));
}

TEST_F(ZoneTest, IsTakenFromOthersWhoMayWriteItOnlyIfTheyAreTrusted) {
  Must(Zone::Create(Place(), {.mode = 0660}));
  EXPECT_TRUE(absl::IsPermissionDenied(Zone::Open(Place()).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(Zone::OpenOrCreate(Place()).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(Zone::OpenReadOnly(Place()).status()));
  EXPECT_TRUE(Zone::Open(Place().Trusting({.others_may_write = true})).ok());
}

TEST_F(ZoneTest, IsJoinedByAsManyAsItHasRoomFor) {
  const Zone zone = NewZone({.max_participants = 2});
  const Participant self = Must(zone.Join());
  ForkedChild second([&] {
    const Participant other = Must(zone.Join());
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  ForkedChild third([&] {
    return zone.Join().status().message() == "claim a slot: all 2 of the registry are taken" ? 0
                                                                                             : 1;
  });
  EXPECT_EQ(third.Join(), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(zone.Reserve().status()));
  // The dead make room, whether anybody buries them or not.
  second.Kill();
  EXPECT_TRUE(zone.Reserve().ok());
}

TEST_F(ZoneTest, TellsTheNextOwnerWhatWhoLeftStillHeld) {
  const Zone zone = NewZone();
  {
    const Participant self = Must(zone.Join());
    ASSERT_EQ(Must(zone.Get<ZoneMutex>("lock"))->Lock(), LockOutcome::kAcquired);
  }
  const Participant self = Must(zone.Join());
  EXPECT_EQ(Must(zone.Get<ZoneMutex>("lock"))->Lock(), LockOutcome::kOwnerDied);
}

// What it lets go of may be the last handle of another zone, while a thread forks.
TEST_F(ZoneTest, IsLeftWithoutALockOverWhatItsCallbacksHold) {
  const Zone zone = NewZone();
  Participant self = Must(zone.Join());
  auto forks = std::shared_ptr<void>(nullptr, [](void*) {
    std::thread([] {
      ForkedChild child([] { return 0; });
      EXPECT_EQ(child.Join(), 0);
    }).join();
  });
  Must(zone.Get<ZoneMutex>("lock", RepairCallback([kept = forks] { return kept == nullptr; })));
  forks.reset();
  self.Leave();
}

TEST_F(ZoneTest, IsNotTakenPartInByAChildOfFork) {
  const Zone zone = NewZone();
  Participant self = Must(zone.Join());
  const auto mutex = Must(zone.Get<ZoneMutex>("lock"));
  ASSERT_EQ(mutex->Lock(), LockOutcome::kAcquired);
  ForkedChild child([&] {
    if (zone.Get<ZoneMutex>("lock").ok()) return 1;
    self.Leave();  // the parent's: nothing
    const Participant own = Must(zone.Join());
    return Must(zone.Get<ZoneMutex>("lock"))->TryLock() == LockOutcome::kBusy ? 0 : 2;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_TRUE(zone.registry().IsLiveNow(self.tag()));
  EXPECT_TRUE(mutex->Unlock());
}

TEST_F(ZoneTest, IsNotLeftByAChildOfARawFork) {
  const Zone zone = NewZone();
  Participant self = Must(zone.Join());
  const auto child = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (child == 0) {
    const bool takes_part = zone.Get<Ledger>("ledger").ok();
    self.Leave();
    ::_exit(takes_part || !zone.Join().ok() ? 1 : 0);
  }
  int status;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(zone.registry().IsLiveNow(self.tag()));
}

// A thread of the parent is in the middle of something at each fork.
// The address sanitizer does not hold its allocator's locks over a fork, so that a child which
// allocates may wait for one that a thread of its parent had taken.
#if !defined(MUSTER_SANITIZER) || defined(__SANITIZE_THREAD__)
TEST_F(ZoneTest, IsUsableInAChildWhateverThreadsOfItsParentDid) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  std::atomic<bool> stop = false;
  std::thread busy([&] {
    while (!stop) {
      Must(zone.Get<Ledger>("ledger"));
      zone.List();
    }
  });
  for (int i = 0; i < 50; ++i) {
    ForkedChild child([&] {
      const Participant own = Must(zone.Join());
      Must(zone.Get<Ledger>("ledger"));
      return 0;
    });
    EXPECT_EQ(child.Join(), 0);
  }
  stop = true;
  busy.join();
}
#endif

}  // namespace
}  // namespace muster::ipc
