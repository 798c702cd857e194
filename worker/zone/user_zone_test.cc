#include "muster/worker/zone/user_zone.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/zone/object_kind.h"
#include "muster/ipc/zone/zone_layout.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/zone_bell.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;

struct Account {
  std::int64_t balance;
};

struct OtherAccount {
  static constexpr std::uint32_t kZoneVersion = 2;
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
  const UserZone zone = Make();
  const auto other = Attach(zone);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->instance_id(), zone.instance_id());
  (*other->Get<Account>("a"))->balance = 7;
  const auto seen = zone.zone().Find<Account>("a");
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ((*seen)->balance, 7);
}

TEST(UserZone, HasRoomForWhatItsSizeSays) {
  struct Table {
    std::byte bytes[4096];
  };
  struct Rest {
    std::byte bytes[128];
  };
  const UserZone zone = Make(sizeof(Table) + sizeof(Rest));
  const auto worker = Attach(zone);
  ASSERT_TRUE(worker.ok()) << worker.status();
  ASSERT_TRUE(worker->Get<Table>("table").ok()) << worker->Get<Table>("table").status();
  ASSERT_TRUE(worker->Get<Rest>("rest").ok()) << worker->Get<Rest>("rest").status();
  const auto more = worker->Get<ipc::ZoneMutex>("mutex");
  EXPECT_TRUE(absl::IsResourceExhausted(more.status()));
  EXPECT_THAT(std::string(more.status().message()), HasSubstr("zone \"accounts\": "));
}

TEST(UserZone, HasAsManyLocksAsThereIsRoomFor) {
  constexpr int kLocks = 1000;
  const UserZone zone = Make(kLocks * sizeof(ipc::MutexState));
  const auto worker = Attach(zone);
  for (int i = 0; i < kLocks; ++i) {
    const auto mutex = worker->Get<ipc::ZoneMutex>(absl::StrCat("lock.", i));
    ASSERT_TRUE(mutex.ok()) << mutex.status();
  }
}

TEST(UserZone, RefusesAProgramThatKnowsAnotherVersionOfAnObject) {
  const UserZone zone = Make();
  const auto worker = Attach(zone);
  ASSERT_TRUE(worker->Get<Account>("a").ok());
  const auto newer = worker->Get<OtherAccount>("a");
  EXPECT_TRUE(absl::IsFailedPrecondition(newer.status()));
  EXPECT_THAT(std::string(newer.status().message()), HasSubstr("zone \"accounts\": "));
}

TEST(UserZone, RefusesMemoryThatIsNone) {
  const auto zone = SharedZone::Create(1);
  ASSERT_TRUE(zone.ok());
  const auto attached =
      UserZone::Attach("x", *ipc::DuplicateFd(zone->fd()), *ipc::DuplicateFd(zone->fd()));
  EXPECT_THAT(std::string(attached.status().message()), HasSubstr("zone \"x\": "));
}

// A worker that takes part, and holds the mutex.
class Holder {
 public:
  explicit Holder(const UserZone& zone) {
    EXPECT_EQ(::pipe(told_), 0);
    pid_ = ::fork();
    if (pid_ == 0) ::_exit(Hold(zone));
    char byte;
    EXPECT_EQ(::read(told_[0], &byte, 1), 1);
  }
  ~Holder() {
    ::close(told_[0]);
    ::close(told_[1]);
  }

  // Its pidfd is readable then, as that of a worker is when the master learns of its death.
  void Kill() const {
    EXPECT_EQ(::kill(pid_, SIGKILL), 0);
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
  }

 private:
  int Hold(const UserZone& zone) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto worker = Attach(zone);
    if (!worker.ok()) return 1;
    const auto mutex = worker->Get<ipc::ZoneMutex>("mutex");
    if (!mutex.ok() || (*mutex)->Lock() != ipc::LockOutcome::kAcquired) return 1;
    if (::write(told_[1], "x", 1) != 1) return 1;
    for (;;) ::pause();
  }

  int told_[2];
  pid_t pid_;
};

const ipc::MutexState& StateOfMutex(const UserZone& zone) {
  for (const auto& object : zone.zone().List()) {
    if (object.ok() && object->name == "mutex") {
      return *reinterpret_cast<const ipc::MutexState*>(object->state);
    }
  }
  std::abort();
}

TEST(UserZone, GivesTheMutexOfAKilledWorkerToTheNext) {
  const UserZone zone = Make();
  const Holder dead(zone);
  const Holder alive(*Attach(Make()));
  dead.Kill();

  zone.BuryDead();

  EXPECT_EQ(StateOfMutex(zone).word.load(), ipc::kAbandonedWord)
      << "recovered before anybody locks it";
  const auto next = Attach(zone);
  const auto mutex = *next->Get<ipc::ZoneMutex>("mutex");
  EXPECT_EQ(mutex->TryLock(), ipc::LockOutcome::kOwnerDied);
  mutex->MarkConsistent();
  EXPECT_TRUE(mutex->Unlock());
  EXPECT_EQ(mutex->TryLock(), ipc::LockOutcome::kAcquired);
  EXPECT_TRUE(mutex->Unlock());
  alive.Kill();
}

TEST(UserZone, LeavesTheLivingWhatTheyHold) {
  const UserZone zone = Make();
  const Holder alive(zone);
  const std::uint32_t held = StateOfMutex(zone).word.load();
  zone.BuryDead();
  EXPECT_EQ(StateOfMutex(zone).word.load(), held);
  alive.Kill();
}

TEST(UserZone, SurvivesWhateverAWorkerWritesIntoIt) {
  const UserZone zone = Make(1 << 16);
  ASSERT_TRUE(Attach(zone)->Get<ipc::ZoneMutex>("mutex").ok());
  const std::size_t bytes = zone.zone().size_bytes();
  auto* const memory = static_cast<std::byte*>(
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, zone.memory_fd(), 0));
  ASSERT_NE(memory, MAP_FAILED);
  std::minstd_rand random(1);
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < bytes; ++i) {
      // Sparse in some rounds, so that not every check fails at the first word.
      if (random() % (1u << round) == 0) memory[i] = static_cast<std::byte>(random());
    }
    zone.Restore();
    zone.BuryDead();
  }
  const auto attached = Attach(zone);
  EXPECT_TRUE(attached.ok()) << attached.status();
  ::munmap(memory, bytes);
}

// One object for each line of the directory, each of which is the whole zone.
TEST(UserZone, BuriesInTimeWhateverItsDirectoryNames) {
  const UserZone zone = Make(16 << 20);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto worker = Attach(zone);
    void* const memory = ::mmap(nullptr, zone.zone().size_bytes(), PROT_READ | PROT_WRITE,
                                MAP_SHARED, zone.memory_fd(), 0);
    if (!worker.ok() || memory == MAP_FAILED) ::_exit(1);
    const ipc::ZoneSizes& sizes = zone.zone().sizes();
    const ipc::ZoneParts parts(static_cast<std::byte*>(memory), sizes);
    std::uint32_t permits = 1;
    while (ipc::StateBytes(ipc::ObjectKind::kSemaphore, 2 * permits) <= zone.size_bytes()) {
      permits *= 2;
    }
    for (ipc::ZoneEntry& entry : parts.entries()) {
      entry.offset = ipc::ZoneParts::FrontBytes(sizes);
      entry.bytes = zone.size_bytes();
      entry.kind = static_cast<std::uint32_t>(ipc::ObjectKind::kSemaphore);
      entry.count = permits;
    }
    parts.header().objects.store(sizes.max_objects);
    for (std::uint32_t slot = 0; slot < sizes.max_participants; ++slot) {
      for (auto& word : parts.opened(slot)) word.store(~std::uint64_t{0});
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  zone.BuryDead();
  EXPECT_EQ(zone.zone().registry().Read(0)->state, ipc::ParticipantState::kFree);
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
  zone.BuryDead();
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
  zone.BuryDead();
  hearer.RunWhatIsThere();
  EXPECT_EQ(hearer.rings, 1);
  EXPECT_NE(::fcntl(zone.bell_fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(UserZone, IsAttachedAgainOnceItIsRestored) {
  const UserZone zone = Make();
  void* const header =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zone.memory_fd(), 0);
  ASSERT_NE(header, MAP_FAILED);
  const std::uint64_t instance_id = zone.instance_id();
  std::memset(header, 0xab, 64);
  EXPECT_FALSE(Attach(zone).ok());
  zone.Restore();
  const auto attached = Attach(zone);
  ASSERT_TRUE(attached.ok()) << attached.status();
  EXPECT_EQ(attached->instance_id(), instance_id);
  ::munmap(header, 4096);
}

absl::StatusOr<UserZone> TakeOver(const UserZone& zone, std::uint64_t size_bytes,
                                  std::uint64_t instance_id) {
  return UserZone::TakeOver(zone.name(), size_bytes, instance_id,
                            *ipc::DuplicateFd(zone.memory_fd()), *ipc::DuplicateFd(zone.bell_fd()));
}

TEST(UserZone, IsTakenOverAsItIs) {
  const UserZone zone = Make();
  {
    const auto worker = Attach(zone);
    (*worker->Get<Account>("a"))->balance = 7;
  }
  const auto next = TakeOver(zone, 4096, zone.instance_id());
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->size_bytes(), 4096u);
  EXPECT_EQ((*next->zone().Find<Account>("a"))->balance, 7);
}

TEST(UserZone, IsNotTakenOverInPlaceOfAnother) {
  const UserZone zone = Make();
  EXPECT_THAT(std::string(TakeOver(zone, 4096, 1).status().message()),
              HasSubstr("zone \"accounts\": its instance is "));
  EXPECT_THAT(std::string(TakeOver(zone, 1 << 20, zone.instance_id()).status().message()),
              HasSubstr("zone \"accounts\": its largest size in bytes is "));
}

TEST(UserZone, IsNotTakenOverWithAnotherLayout) {
  const UserZone zone = Make();
  void* const header =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zone.memory_fd(), 0);
  ASSERT_NE(header, MAP_FAILED);
  static_cast<ipc::ZoneHeader*>(header)->version = 9;
  EXPECT_EQ(TakeOver(zone, 4096, zone.instance_id()).status().message(),
            "zone \"accounts\": zone: its layout version is 9, this program expects 1");
  ::munmap(header, 4096);
}

}  // namespace
}  // namespace muster::worker
