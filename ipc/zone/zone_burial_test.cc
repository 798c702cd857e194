// What becomes of a zone whose users die, or damage it.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/zone/zone.h"
#include "muster/ipc/zone/zone_fixture.h"

namespace muster::ipc {
namespace {

using ::testing::HasSubstr;

class ZoneBurialTest : public ZoneTest {};

// Holds something of each kind until the end.
int HoldAll(const Zone& zone, const Participant&, Gate* ready, Gate* never) {
  if (Must(zone.Get<ZoneMutex>("mutex"))->Lock() != LockOutcome::kAcquired) return 1;
  if (Must(zone.Get<ZoneSpinlock>("spinlock"))->Lock() != LockOutcome::kAcquired) return 1;
  if (Must(zone.Get<ZoneRwLock>("read"))->LockShared() != LockOutcome::kAcquired) return 1;
  if (Must(zone.Get<ZoneRwLock>("written"))->Lock() != LockOutcome::kAcquired) return 1;
  (void)Must(zone.Get<Semaphore>("semaphore", 1u))->Acquire();
  ready->Open();
  never->Await();
  return 0;
}

void ExpectAllReleased(const Zone& zone) {
  EXPECT_EQ(Must(zone.Get<ZoneMutex>("mutex"))->Lock(), LockOutcome::kOwnerDied);
  EXPECT_EQ(Must(zone.Get<ZoneSpinlock>("spinlock"))->Lock(), LockOutcome::kOwnerDied);
  EXPECT_EQ(Must(zone.Get<ZoneRwLock>("read"))->Lock(), LockOutcome::kAcquired);
  EXPECT_EQ(Must(zone.Get<ZoneRwLock>("written"))->Lock(), LockOutcome::kOwnerDied);
  EXPECT_TRUE(Must(zone.Get<Semaphore>("semaphore", 1u))->AcquireFor(absl::Seconds(60)));
}

TEST_F(ZoneBurialTest, ReleasesAllThatADeadChildHeldWhenItIsBuried) {
  const Zone zone = NewZone();
  const OwnerTag tag = Must(zone.Reserve());
  ForkedChild child([&] { return HoldAll(zone, Must(zone.Join(tag)), ready_, never_); });
  ready_->Await();
  EXPECT_THAT(zone.Bury(tag).message(),
              HasSubstr(absl::StrCat("process ", child.pid(), " is alive")));
  child.Kill();
  EXPECT_TRUE(zone.Bury(tag).ok());
  EXPECT_EQ(zone.registry().Read(tag.slot())->state, ParticipantState::kFree);
  EXPECT_TRUE(zone.Bury(tag).ok()) << "once more";
  const Participant self = Must(zone.Join());
  ExpectAllReleased(zone);
}

TEST_F(ZoneBurialTest, TakesBackTheReservationOfAChildThatWasNotStarted) {
  const Zone zone = NewZone();
  const OwnerTag tag = Must(zone.Reserve());
  ForkedChild other([&] {
    return zone.Bury(tag).message() ==
                   absl::StrCat("bury slot ", tag.slot(), ": the process that reserved it is alive")
               ? 0
               : 1;
  });
  EXPECT_EQ(other.Join(), 0);
  EXPECT_TRUE(zone.Bury(tag).ok());
  EXPECT_EQ(zone.registry().Read(tag.slot())->state, ParticipantState::kFree);
  EXPECT_FALSE(zone.Join(tag).ok());
}

TEST_F(ZoneBurialTest, ReleasesAllThatTheDeadHeldWithoutAnybodyWhoBuries) {
  const Zone zone = Must(Zone::Create(Place()));
  const Participant self = Must(zone.Join());
  ForkedChild child([&] {
    const Zone own = Must(Zone::Open(Place()));
    return HoldAll(own, Must(own.Join()), ready_, never_);
  });
  ready_->Await();
  const auto mutex = Must(zone.Get<ZoneMutex>("mutex"));
  EXPECT_EQ(mutex->TryLock(), LockOutcome::kBusy);
  child.Kill();
  ExpectAllReleased(zone);
}

TEST_F(ZoneBurialTest, IsRecoveredAllAtOnceByTheFirstWhoFindsADeath) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  ForkedChild child([&] { return HoldAll(zone, Must(zone.Join()), ready_, never_); });
  ready_->Await();
  child.Kill();
  ASSERT_EQ(Must(zone.Get<ZoneMutex>("mutex"))->Lock(), LockOutcome::kOwnerDied);
  // The rest was released with it: nobody looks at a registry to find that out.
  const auto* const spinlock = reinterpret_cast<const SpinlockState*>(Must(zone.List()[1]).state);
  EXPECT_EQ(spinlock->word.load(), kAbandonedWord);
}

TEST_F(ZoneBurialTest, GivesADeadOnesPermitToTheFirstWhoTries) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  ForkedChild child([&] { return HoldAll(zone, Must(zone.Join()), ready_, never_); });
  ready_->Await();
  child.Kill();
  EXPECT_TRUE(Must(zone.Get<Semaphore>("semaphore", 1u))->TryAcquire().has_value());
}

TEST_F(ZoneBurialTest, IsBuriedByAChildlessGrandparentsRules) {
  // The parent of the dead is dead, too, and has buried nobody.
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  ForkedChild parent([&] {
    const OwnerTag tag = Must(zone.Reserve());
    ForkedChild child([&] { return HoldAll(zone, Must(zone.Join(tag)), ready_, never_); });
    zone.SetProcess(tag, child.pid());
    ready_->Await();
    return 0;  // and the child is killed with it
  });
  EXPECT_EQ(parent.Join(), 0);
  ExpectAllReleased(zone);
}

TEST_F(ZoneBurialTest, KeepsTheSlotOfWhoOpenedWhatThisProgramDoesNotKnow) {
  const Zone zone = NewZone();
  const OwnerTag tag = Must(zone.Reserve());
  ForkedChild child([&] {
    const Participant self = Must(zone.Join(tag));
    Must(zone.Get<Ledger>("ledger"));
    return 0;
  });
  ASSERT_EQ(child.Join(), 0);
  // It left, and so is free. Another one dies after a newer program has changed the kind.
  const OwnerTag next = Must(zone.Reserve());
  ForkedChild killed([&] {
    const Participant self = Must(zone.Join(next));
    Must(zone.Get<Ledger>("ledger"));
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  ZoneParts parts(
      reinterpret_cast<std::byte*>(
          ::mmap(nullptr, zone.size_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, zone.fd(), 0)),
      {.max_participants = 64, .max_objects = 1024, .max_bytes = 1 << 30});
  const std::uint32_t kind = std::exchange(parts.entries()[0].kind, 77);
  killed.Kill();
  EXPECT_THAT(zone.Bury(next).message(), HasSubstr("a kind that this program does not know"));
  EXPECT_EQ(zone.registry().Read(next.slot())->state, ParticipantState::kDead);
  parts.entries()[0].kind = kind;
  EXPECT_TRUE(zone.Bury(next).ok());
  EXPECT_EQ(zone.registry().Read(next.slot())->state, ParticipantState::kFree);
  ::munmap(parts.data(), zone.size_bytes());
}

// Of another process, which may be stopped for ever; nobody but adders waits for it.
TEST_F(ZoneBurialTest, IsUsedAndBuriedInWhileAnAdderIsStopped) {
  static std::atomic<bool> stops = false;
  struct Stopping {
    Stopping() noexcept {
      if (stops) ::raise(SIGSTOP);
    }
    int number = 0;
  };
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  const auto mutex = Must(zone.Get<ZoneMutex>("mutex"));
  ForkedChild adder([&] {
    stops = true;
    const Participant other = Must(zone.Join());
    return zone.Get<Stopping>("stopping").ok() ? 0 : 1;
  });
  int status = 0;
  ASSERT_EQ(::waitpid(adder.pid(), &status, WUNTRACED), adder.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  std::thread waiting([&] { EXPECT_TRUE(zone.Get<Ledger>("another").ok()); });
  ForkedChild dead([&] {
    const Participant other = Must(zone.Join());
    if (Must(zone.Get<ZoneMutex>("mutex"))->Lock() != LockOutcome::kAcquired) return 1;
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  dead.Kill();
  EXPECT_EQ(mutex->Lock(), LockOutcome::kOwnerDied);
  EXPECT_TRUE(zone.Get<ZoneMutex>("mutex").ok());
  ForkedChild child([&] { return Must(zone.Join()).tag() == OwnerTag() ? 1 : 0; });
  EXPECT_EQ(child.Join(), 0);
  ::kill(adder.pid(), SIGCONT);
  waiting.join();
  EXPECT_EQ(adder.Join(), 0);
}

TEST_F(ZoneBurialTest, IsItsFileWhateverItsMemorySaysOfItself) {
  const Zone first = NewZone();
  const Zone second = NewZone();
  const Participant self = Must(first.Join());
  auto* const bytes = static_cast<std::byte*>(
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, second.fd(), 0));
  auto* const other =
      static_cast<std::byte*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, first.fd(), 0));
  reinterpret_cast<ZoneHeader*>(bytes)->instance_id =
      reinterpret_cast<const ZoneHeader*>(other)->instance_id;
  const Zone again = Must(Zone::Open(UniqueFd(::dup(second.fd()))));
  EXPECT_TRUE(again.Join().ok()) << "it is not the first one";
  ::munmap(bytes, 4096);
  ::munmap(other, 4096);
}

TEST_F(ZoneBurialTest, MendsTheMutexOfItsDirectory) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  auto* const bytes = static_cast<std::byte*>(
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zone.fd(), 0));
  for (const std::uint32_t word : {kPoisonedMark, kDoneMark, 0xdeadb000u}) {
    reinterpret_cast<ZoneHeader*>(bytes)->directory_mutex.word = word;
    EXPECT_TRUE(zone.Get<Ledger>(absl::StrCat("ledger", word)).ok());
  }
  ::munmap(bytes, 4096);
}

TEST_F(ZoneBurialTest, IsNotLedAstrayByDamagedEntries) {
  const Zone zone = NewZone();
  const Participant self = Must(zone.Join());
  Must(zone.Get<ZoneMutex>("lock"));
  auto* const bytes = static_cast<std::byte*>(
      ::mmap(nullptr, zone.size_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, zone.fd(), 0));
  const ZoneParts parts(bytes, {.max_participants = 64, .max_objects = 1024});
  const ZoneEntry good = parts.entries()[0];
  const auto expect_refused = [&](const char* why) {
    EXPECT_TRUE(absl::IsDataLoss(zone.List()[0].status())) << why;
    EXPECT_FALSE(zone.Get<ZoneMutex>("lock").ok()) << why;
    parts.entries()[0] = good;
    EXPECT_TRUE(zone.Get<ZoneMutex>("lock").ok()) << why;
  };
  parts.entries()[0].offset = 0;
  expect_refused("over the header");
  parts.entries()[0].offset = ~std::uint64_t{0} - 127;
  expect_refused("beyond all");
  parts.entries()[0].offset = std::uint64_t{1} << 29;
  expect_refused("behind the end of the file");
  parts.entries()[0].bytes = ~std::uint64_t{0};
  expect_refused("too large");
  parts.entries()[0].bytes = 8;
  expect_refused("too small for a mutex");
  parts.header().objects = 4000000000u;
  EXPECT_EQ(zone.List().size(), 1024u);
  parts.header().objects = 1;
  for (auto& bucket : parts.buckets()) bucket = 4000000000u;
  EXPECT_TRUE(absl::IsDataLoss(zone.Get<Ledger>("other").status()));
  for (auto& bucket : parts.buckets()) bucket = 1;
  parts.entries()[0].next = 1;
  EXPECT_FALSE(zone.Find<Ledger>("a circle").ok());
  ::munmap(bytes, zone.size_bytes());
}

}  // namespace
}  // namespace muster::ipc
