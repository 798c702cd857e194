#include "muster/ipc/zone/zone.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/zone/zone_fixture.h"

namespace muster::ipc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- Opening ----

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

// ---- Objects ----

struct Wide {
  std::int64_t numbers[2];
};
struct NewLedger {
  static constexpr std::uint32_t kZoneVersion = 2;
  std::int64_t balance;
};

TEST_F(ZoneTest, RefusesAnObjectOfAnotherSort) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  Must(zone.Get<Ledger>("ledger"));
  Must(zone.Get<Semaphore>("uploads", 4u));
  EXPECT_EQ(zone.Get<ZoneMutex>("ledger").status().message(),
            "zone object \"ledger\": its kind is plain, this program expects mutex");
  EXPECT_THAT(zone.Get<Wide>("ledger").status().message(), HasSubstr("its type is \""));
  EXPECT_EQ(zone.Get<Semaphore>("uploads", 5u).status().message(),
            "zone object \"uploads\": its count is 4, this program expects 5");
  EXPECT_TRUE(absl::IsFailedPrecondition(zone.Get<ZoneLatch<Ledger>>("ledger").status()));
}

TEST_F(ZoneTest, RefusesAnObjectOfAnotherVersionOfItsType) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  Must(zone.Get<NewLedger>("ledger"));
  const auto entry = Must(zone.List()[0]);
  EXPECT_EQ(entry.version, 2u);
  // As by a program with the next version of the struct.
  const auto attachment = Must(
      ZoneAttachment::Attach(Must(SharedMemory::AttachMemfd(UniqueFd(::dup(zone.fd())))), false));
  ObjectSpec next = ZoneObject<NewLedger>::Spec({});
  next.version = 3;
  EXPECT_EQ(attachment->Find("ledger", next).status().message(),
            "zone object \"ledger\": its version is 2, this program expects 3");
  next.version = 2;
  next.bytes = 16;
  EXPECT_EQ(attachment->Find("ledger", next).status().message(),
            "zone object \"ledger\": its size in bytes is 8, this program expects 16");
}

TEST_F(ZoneTest, RefusesNames) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a\n"), std::string(48, 'x')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(zone.Get<Ledger>(name).status())) << name;
  }
  EXPECT_TRUE(zone.Get<Ledger>(std::string(47, 'x')).ok());
}

TEST_F(ZoneTest, GivesNothingToWhoDoesNotTakePart) {
  const Zone zone = NewZone();
  EXPECT_EQ(zone.Get<Ledger>("ledger").status().message(),
            "zone object \"ledger\": this process does not take part in the zone; Join first");
  std::optional<Participant> self = Must(zone.Join());
  EXPECT_TRUE(zone.Get<Ledger>("ledger").ok());
  self.reset();
  EXPECT_FALSE(zone.Get<Ledger>("ledger").ok());
}

TEST_F(ZoneTest, ConstructsAStructOnce) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  const auto ledger = Must(zone.Get<Ledger>("ledger"));
  EXPECT_EQ(ledger->balance, 7);
  ledger->balance = 8;
  EXPECT_EQ(Must(zone.Get<Ledger>("ledger"))->balance, 8);
}

struct Large {
  std::byte bytes[1 << 20];
};

TEST_F(ZoneTest, GrowsAsObjectsAreAdded) {
  const Zone zone = NewZone({.initial_bytes = 0});
  const std::size_t before = zone.size_bytes();
  const auto add = [&](const std::string& name) {
    const auto large = Must(zone.Get<Large>(name));
    for (std::size_t i = 0; i < sizeof(Large); i += 4096) {
      if (large->bytes[i] != std::byte{0}) return 1;
      large->bytes[i] = std::byte{1};
    }
    return 0;
  };
  const Participant self = Must(zone.Join());
  EXPECT_EQ(add("mine"), 0);
  ForkedChild child([&] {
    const Participant other = Must(zone.Join());
    return add("theirs");
  });
  EXPECT_EQ(child.Join(), 0);
  // What another process has added is there, without a word from it.
  EXPECT_EQ(Must(zone.Get<Large>("theirs"))->bytes[sizeof(Large) - 4096], std::byte{1});
  EXPECT_GT(zone.size_bytes(), before + 2 * sizeof(Large));
}

TEST_F(ZoneTest, SaysThatItIsFull) {
  const Zone zone = NewZone({.max_objects = 2, .initial_bytes = 0, .max_bytes = 1 << 19});
  const Participant self = Must(zone.Join());
  EXPECT_THAT(zone.Get<Large>("large").status().message(),
              HasSubstr("\"large\" of 1048576 bytes: of the zone's most of 524288 bytes"));
  Must(zone.Get<Ledger>("a"));
  Must(zone.Get<Ledger>("b"));
  EXPECT_EQ(zone.Get<Ledger>("c").status().message(),
            "zone object \"c\": the zone has 2 objects, its most");
}

TEST_F(ZoneTest, FindsEachOfManyObjects) {
  const Zone zone = NewZone({.max_objects = 3000});
  const Participant self = Must(zone.Join());
  for (int i = 0; i < 3000; ++i) Must(zone.Get<Ledger>(absl::StrCat("o", i)))->balance = i;
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(Must(zone.Find<Ledger>(absl::StrCat("o", i)))->balance, i);
  }
}

TEST_F(ZoneTest, HasAllKinds) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  { const std::lock_guard lock(*Must(zone.Get<ZoneMutex>("mutex"))); }
  { const std::scoped_lock lock(*Must(zone.Get<ZoneSpinlock>("spinlock"))); }
  { const std::shared_lock lock(*Must(zone.Get<ZoneRwLock>("rwlock"))); }
  { const std::unique_lock lock(*Must(zone.Get<ZoneRwLock>("rwlock"))); }
  EXPECT_TRUE(Must(zone.Get<ZoneOnce>("once"))->Call([](bool) { return absl::OkStatus(); }).ok());
  const auto semaphore = Must(zone.Get<Semaphore>("semaphore", 2u));
  EXPECT_TRUE(semaphore->Release(semaphore->Acquire().value()));
  Must(zone.Get<Event>("event"))->NotifyAll();
  const auto latch = Must(zone.Get<ZoneLatch<Ledger>>("latch"));
  latch->Write({.balance = 3});
  EXPECT_EQ(latch->Read().balance, 3);
  Must(zone.Get<ZoneCounter>("counter"))->Add(5);
  EXPECT_EQ(Must(zone.Get<ZoneCounter>("counter"))->value(), 5u);
  std::vector<std::string> kinds;
  for (const auto& object : zone.List()) kinds.push_back(ToString(Must(object).kind));
  EXPECT_THAT(kinds, ElementsAre("mutex", "spinlock", "rwlock", "once", "semaphore", "event",
                                 "latch", "counter"));
}

TEST_F(ZoneTest, KeepsTheMemoryForWhoHasAnObject) {
  std::shared_ptr<Ledger> ledger;
  {
    const Zone zone = NewZone();
    const Participant self = Must(zone.Join());
    ledger = Must(zone.Get<Ledger>("ledger"));
  }
  EXPECT_EQ(ledger->balance, 7);
}

TEST_F(ZoneTest, LeavesNothingOfAnObjectWhoseMakerDied) {
  static std::atomic<bool> dies = false;
  struct Deadly {
    Deadly() noexcept {
      bytes[0] = 1;
      if (dies) ::raise(SIGKILL);
    }
    int bytes[4] = {};
  };
  const Zone zone = NewZone();
  ForkedChild maker([&] {
    dies = true;
    const Participant self = Must(zone.Join());
    zone.Get<Deadly>("deadly").IgnoreError();
    return 0;
  });
  ASSERT_EQ(maker.Join(), -SIGKILL);
  EXPECT_TRUE(zone.List().empty());
  const Participant self = Must(zone.Join());
  // In the same place, which is zero again.
  struct Quiet {
    int bytes[4];
  };
  EXPECT_EQ(Must(zone.Get<Quiet>("quiet"))->bytes[0], 0);
}

// ---- Taking part ----

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

}  // namespace
}  // namespace muster::ipc
