#include "muster/worker/zone/user_zone.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_recovery.h"
#include "muster/worker/zone/user_zone_layout.h"
#include "muster/worker/zone/zone_bell.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;

struct Account {
  ipc::MutexState mutex;
  std::int64_t balance;
};

UserZone Make(std::uint64_t size_bytes = 4096) {
  auto zone = UserZone::Create("accounts", size_bytes);
  EXPECT_TRUE(zone.ok()) << zone.status();
  return *std::move(zone);
}

absl::StatusOr<UserZone> Attach(const UserZone& zone) {
  return UserZone::Attach(zone.name(), *ipc::DuplicateFd(zone.memory_fd()),
                          *ipc::DuplicateFd(zone.bell_fd()));
}

TEST(UserZone, IsOneForAllWhoAttach) {
  const UserZone zone = Make(1000);
  const auto other = Attach(zone);
  ASSERT_TRUE(other.ok()) << other.status();
  (*zone.As<Account>(1))->balance = 7;
  EXPECT_EQ((*other->As<Account>(1))->balance, 7);
  EXPECT_EQ(other->size_bytes(), 1000u);
  EXPECT_EQ(other->instance_id(), zone.instance_id());
}

TEST(UserZone, BeginsOnAPage) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Make().data()) % 4096, 0u);
}

TEST(UserZone, RefusesWhatIsTooLargeForIt) {
  const auto account = Make(100).As<Account>(1);
  EXPECT_EQ(account.status(),
            absl::InvalidArgumentError("zone \"accounts\": has 100 bytes, this worker needs 256"));
}

TEST(UserZone, RefusesAProgramThatKnowsAnotherVersionOfIt) {
  const UserZone zone = Make();
  ASSERT_TRUE(zone.As<Account>(1).ok());
  const auto newer = Attach(zone)->As<Account>(2);
  EXPECT_TRUE(absl::IsFailedPrecondition(newer.status()));
  EXPECT_THAT(std::string(newer.status().message()),
              HasSubstr("is laid out as version 1 (256 bytes), this worker knows version 2"));
}

TEST(UserZone, RefusesMemoryThatIsNone) {
  const auto zone = SharedZone::Create(1);
  ASSERT_TRUE(zone.ok());
  const auto attached =
      UserZone::Attach("x", *ipc::DuplicateFd(zone->fd()), *ipc::DuplicateFd(zone->fd()));
  EXPECT_THAT(std::string(attached.status().message()), HasSubstr("zone \"x\": "));
}

TEST(UserZone, NotesAsManyLocksAsItHasRoomFor) {
  const UserZone zone = Make((UserZone::kMostLocks + 1) * sizeof(ipc::MutexState));
  auto* const locks = reinterpret_cast<ipc::MutexState*>(zone.data());
  for (std::size_t i = 0; i < UserZone::kMostLocks; ++i) {
    ASSERT_TRUE(zone.NoteLock(&locks[i]).ok()) << i;
  }
  EXPECT_TRUE(zone.NoteLock(&locks[3]).ok()) << "known already";
  EXPECT_TRUE(absl::IsResourceExhausted(zone.NoteLock(&locks[UserZone::kMostLocks])));
}

// The child is killed while it holds the mutex; the parent plays the master.
TEST(UserZone, GivesTheMutexOfAKilledProcessToTheNext) {
  const auto shared = SharedZone::Create(4);
  ASSERT_TRUE(shared.ok());
  const UserZone zone = Make();
  Account* const account = *zone.As<Account>(1);
  const ipc::OwnerTag victim = *shared->Reserve();
  const ipc::OwnerTag next = *shared->Reserve();
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!zone.NoteLock(&account->mutex).ok()) ::_exit(1);
    ipc::Mutex mutex(&account->mutex, shared->registry(), victim);
    if (mutex.Lock() != ipc::LockOutcome::kAcquired) ::_exit(1);
    if (::write(told[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte;
  ASSERT_EQ(::read(told[0], &byte, 1), 1);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));

  RecoverSlot(*shared, victim, {std::make_shared<const UserZone>(*Attach(zone))});

  EXPECT_EQ(account->mutex.word.load(), ipc::kAbandonedWord) << "recovered before anybody locks it";
  ipc::Mutex mutex(&account->mutex, shared->registry(), next);
  EXPECT_EQ(mutex.TryLock(), ipc::LockOutcome::kOwnerDied);
  mutex.MarkConsistent();
  EXPECT_TRUE(mutex.Unlock());
  EXPECT_EQ(mutex.TryLock(), ipc::LockOutcome::kAcquired);
  ::close(told[0]);
  ::close(told[1]);
}

TEST(UserZone, RecoversNothingOutsideOfItselfWhateverItsTableSays) {
  const UserZone zone = Make(256);
  auto* const front = reinterpret_cast<UserZoneFront*>(zone.data() - sizeof(UserZoneFront));
  const ipc::OwnerTag dead(1, 1);
  auto* const words = reinterpret_cast<std::atomic<std::uint32_t>*>(zone.data());
  words[32].store(dead.bits());  // at 128
  front->locks[0] = ~std::uint64_t{0} << 8 | 1;
  front->locks[1] = std::uint64_t{256} << 8 | 1;
  front->locks[2] = std::uint64_t{4} << 8 | 1;
  front->locks[3] = std::uint64_t{128} << 8 | 99;
  zone.Recover(dead);
  EXPECT_EQ(words[32].load(), dead.bits());
  front->locks[3] = std::uint64_t{128} << 8 | 1;
  zone.Recover(dead);
  EXPECT_EQ(words[32].load(), ipc::kAbandonedWord);
}

// What two event loops heard.
struct Hearer {
  explicit Hearer(const UserZone& zone) : loop(*loop::EventLoop::Create()) {
    bell = *ZoneBell::Watch(*loop, zone, [this] { ++rings; });
    RunWhatIsThere();
    rings = 0;  // the first look
  }
  void RunWhatIsThere() { ASSERT_TRUE(loop->RunOnce(std::chrono::milliseconds(0)).ok()); }

  int rings = 0;
  std::unique_ptr<loop::EventLoop> loop;
  std::unique_ptr<ZoneBell> bell;
};

TEST(ZoneBell, IsHeardByAllWhoWatchIt) {
  const UserZone zone = Make();
  const UserZone other = *Attach(zone);
  Hearer one(zone);
  Hearer two(other);
  for (int round = 1; round <= 3; ++round) {
    other.Ring();
    one.RunWhatIsThere();
    two.RunWhatIsThere();
    EXPECT_EQ(one.rings, round);
    EXPECT_EQ(two.rings, round);
  }
}

TEST(ZoneBell, RingsWhenAWorkerDied) {
  const UserZone zone = Make();
  Hearer hearer(zone);
  zone.Recover(ipc::OwnerTag(1, 1));
  hearer.RunWhatIsThere();
  EXPECT_EQ(hearer.rings, 1);
}

// A worker can do both, since all share one description of the bell.
TEST(ZoneBell, RingsWhenAWorkerDiedThatMadeItFullAndBlocking) {
  const UserZone zone = Make();
  ASSERT_EQ(::fcntl(zone.bell_fd(), F_SETFL, 0), 0);
  const std::uint64_t full = std::numeric_limits<std::uint64_t>::max() - 1;
  ASSERT_EQ(::write(zone.bell_fd(), &full, sizeof(full)), 8);
  Hearer hearer(zone);
  zone.Recover(ipc::OwnerTag(1, 1));
  hearer.RunWhatIsThere();
  EXPECT_EQ(hearer.rings, 1);
  EXPECT_NE(::fcntl(zone.bell_fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(UserZone, IsAttachedAgainOnceItIsRestored) {
  const UserZone zone = Make();
  auto* const front = reinterpret_cast<UserZoneFront*>(zone.data() - sizeof(UserZoneFront));
  const std::uint64_t instance_id = zone.instance_id();
  std::memset(static_cast<void*>(&front->header), 0xab, sizeof(front->header));
  EXPECT_FALSE(Attach(zone).ok());
  zone.Restore();
  const auto attached = Attach(zone);
  ASSERT_TRUE(attached.ok()) << attached.status();
  EXPECT_EQ(attached->instance_id(), instance_id);
}

}  // namespace
}  // namespace muster::worker
