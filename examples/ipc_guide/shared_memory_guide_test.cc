// The examples of docs/IPC.md for what is in shared memory: the page quotes the pieces between a
// line with a name in brackets and one with [end]; //tests:quoted_code_test compares them.

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/counter.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/latch.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/ipc/zone/local/zone_mutex.h"

namespace {

using namespace muster::ipc;

// [zone]
struct Limits {
  std::uint64_t connections;
  std::uint64_t requests_per_second;
};

struct alignas(kCacheLineBytes) WorkerLine {
  Counter requests;
  Gauge active;
};

// The memory that the processes share. All bytes zero is a valid beginning of each State.
struct Zone {
  static constexpr std::uint32_t kSlots = 8;

  MutexState mutex;
  std::int64_t balance;  // guarded by mutex
  SpinlockState spinlock;
  RwLockState<kSlots> rw_lock;
  std::uint64_t prices[16];  // guarded by rw_lock
  LatchState<Limits> limits;
  OnceState once;
  SemaphoreState<4> uploads;
  EventState event;
  std::atomic<int> jobs;
  WorkerLine workers[kSlots];
};
// [end]

// [create]
struct Shared {
  SharedMemory memory;
  Registry registry;
  Zone* zone;
};

absl::StatusOr<Shared> CreateShared() {
  const std::size_t registry_bytes = Registry::BytesFor(Zone::kSlots);
  MUSTER_ASSIGN_OR_RETURN(
      SharedMemory memory,
      SharedMemory::CreateMemfd("zone", {.size_bytes = registry_bytes + sizeof(Zone)}));
  MUSTER_ASSIGN_OR_RETURN(Registry registry,
                          Registry::Create(memory.data(), registry_bytes, Zone::kSlots));
  Zone* zone = new (memory.data() + registry_bytes) Zone();
  return Shared{std::move(memory), registry, zone};
}
// [end]

// [recover]
// For each child whose PidFd is readable: it is dead, whatever a wait for it says.
void Bury(const PidFd& child, OwnerTag dead, Shared& shared) {
  shared.registry.MarkDead(dead);
  shared.zone->mutex.Recover(dead);
  shared.zone->spinlock.Recover(dead);
  shared.zone->rw_lock.Recover(dead);
  shared.zone->once.Recover(dead);
  shared.zone->uploads.Recover(dead);
  shared.zone->event.Recover(dead);
  shared.zone->workers[dead.slot()].active.Clear();
  shared.registry.Free(dead);
  child.Wait(PidFd::Reap::kYes).IgnoreError();  // nobody is there if SIGCHLD is ignored
}
// [end]

absl::StatusOr<PidFd> Fork(void (*body)(Shared&, OwnerTag), Shared& shared, OwnerTag tag) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return ErrnoStatus("fork");
  if (pid > 0) return PidFd::Open(pid);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  body(shared, tag);
  ::_exit(0);
}

void AwaitDeath(const PidFd& child) {
  pollfd dead = {child.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&dead, 1, -1), 1);
}

class Guide : public testing::Test {
 protected:
  Guide() : shared_(CreateShared().value()), self_(shared_.registry.Reserve(0).value()) {}

  Shared shared_;
  OwnerTag self_;
};

TEST_F(Guide, Mutex) {
  Zone* zone = shared_.zone;
  const Registry& registry = shared_.registry;
  OwnerTag self = self_;
  // [mutex]
  Mutex mutex(&zone->mutex, registry, self);
  switch (mutex.Lock()) {
    case LockOutcome::kOwnerDied:  // we hold it; the previous owner died within its section
      zone->balance = 0;           // repair
      mutex.MarkConsistent();
      [[fallthrough]];
    case LockOutcome::kAcquired:
      zone->balance += 10;
      mutex.Unlock();
      break;
    default:  // kNotRecoverable: an owner called MarkNotRecoverable()
      std::abort();
  }
  // [end]
  EXPECT_EQ(shared_.zone->balance, 10);
}

TEST_F(Guide, Threads) {
  Zone* zone = shared_.zone;
  const Registry& registry = shared_.registry;
  OwnerTag self = self_;
  // [threads]
  // One object in the process, for all of its threads.
  ZoneMutex mutex(Mutex(&zone->mutex, registry, self));
  auto deposit = [&] {
    std::scoped_lock guard(mutex);
    zone->balance += 10;
  };
  std::thread another(deposit);
  deposit();
  another.join();
  // [end]
  EXPECT_EQ(zone->balance, 20);
}

TEST_F(Guide, MutexTellsOfADeath) {
  const OwnerTag child_tag = shared_.registry.Reserve(1).value();
  auto child = Fork(
      [](Shared& shared, OwnerTag tag) {
        Mutex mutex(&shared.zone->mutex, shared.registry, tag);
        if (mutex.Lock() == LockOutcome::kAcquired) ::raise(SIGKILL);
      },
      shared_, child_tag);
  ASSERT_TRUE(child.ok()) << child.status();
  AwaitDeath(*child);
  Bury(*child, child_tag, shared_);
  Mutex mutex(&shared_.zone->mutex, shared_.registry, self_);
  EXPECT_EQ(mutex.Lock(), LockOutcome::kOwnerDied);
}

TEST_F(Guide, BuriesChildrenThatNobodyCanWaitFor) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const OwnerTag child_tag = shared_.registry.Reserve(1).value();
  auto child = Fork(
      [](Shared& shared, OwnerTag tag) {
        Mutex mutex(&shared.zone->mutex, shared.registry, tag);
        if (mutex.Lock() != LockOutcome::kAcquired) return;
        for (;;) ::pause();
      },
      shared_, child_tag);
  ASSERT_TRUE(child.ok()) << child.status();
  while (shared_.zone->mutex.word.load() == 0) ::sched_yield();
  ASSERT_TRUE(child->Send(SIGKILL).ok());
  AwaitDeath(*child);
  ::signal(SIGCHLD, before);
  Bury(*child, child_tag, shared_);
  Mutex mutex(&shared_.zone->mutex, shared_.registry, self_);
  EXPECT_EQ(mutex.TryLock(), LockOutcome::kOwnerDied);
}

TEST_F(Guide, MutexOfTheStandard) {
  Zone* zone = shared_.zone;
  const Registry& registry = shared_.registry;
  OwnerTag self = self_;
  // [scoped]
  // With a repair callback, use the guards of the standard library. Without one, lock() aborts
  // after a death, so no death is hidden.
  auto repair = [zone] {
    zone->balance = 0;
    return true;
  };
  Mutex mutex(&zone->mutex, registry, self, {.repair = repair});
  {
    std::scoped_lock guard(mutex);
    zone->balance += 10;
  }
  // [end]
  EXPECT_EQ(shared_.zone->balance, 10);
}

TEST_F(Guide, Spinlock) {
  Zone* zone = shared_.zone;
  const Registry& registry = shared_.registry;
  OwnerTag self = self_;
  // [spinlock]
  Spinlock spinlock(&zone->spinlock, registry, self);
  if (Holds(spinlock.Lock())) {
    ++zone->jobs;
    spinlock.Unlock();
  }
  // [end]
  EXPECT_EQ(zone->jobs, 1);
}

TEST_F(Guide, RwLock) {
  Zone* zone = shared_.zone;
  const Registry& registry = shared_.registry;
  OwnerTag self = self_;
  std::uint64_t price = 0;
  zone->prices[3] = 99;
  // [rw_lock]
  auto repair = [zone] {
    std::fill(std::begin(zone->prices), std::end(zone->prices), 0);
    return true;
  };
  RwLock lock = RwLock::Create(&zone->rw_lock, registry, self, repair).value();
  {
    std::shared_lock reading(lock);
    price = zone->prices[3];
  }
  {
    std::scoped_lock writing(lock);
    zone->prices[4] = 120;
  }
  // [end]
  EXPECT_EQ(price, 99);
  EXPECT_EQ(zone->prices[4], 120);
}

TEST_F(Guide, Latch) {
  Zone* zone = shared_.zone;
  // [latch]
  Latch<Limits> limits(&zone->limits);
  limits.Write({.connections = 1000, .requests_per_second = 50});  // one writer
  const Limits now = limits.Read();                                // any number of readers
  // [end]
  EXPECT_EQ(now.connections, 1000);
  EXPECT_EQ(now.requests_per_second, 50);
}

TEST_F(Guide, Once) {
  Zone* zone = shared_.zone;
  const Registry& registry = shared_.registry;
  OwnerTag self = self_;
  int built = 0;
  // [once]
  Once once(&zone->once, registry, self);
  absl::Status status = once.Call([&](bool was_interrupted) {
    if (was_interrupted) built = 0;  // an initialiser died half-way: begin again
    ++built;
    return absl::OkStatus();
  });
  // [end]
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(built, 1);
}

TEST_F(Guide, Semaphore) {
  Zone* zone = shared_.zone;
  const Registry& registry = shared_.registry;
  OwnerTag self = self_;
  // [semaphore]
  Semaphore uploads = Semaphore::Create(&zone->uploads, registry, self).value();
  if (auto permit = uploads.AcquireFor(absl::Seconds(1))) {
    // ... at most four at a time
    uploads.Release(*permit);
  }
  // [end]
  EXPECT_EQ(uploads.available(), 4);
}

TEST_F(Guide, Event) {
  const OwnerTag child_tag = shared_.registry.Reserve(1).value();
  auto child = Fork(
      [](Shared& shared, OwnerTag) {
        Zone* zone = shared.zone;
        const Registry& registry = shared.registry;
        // [notify]
        zone->jobs.fetch_add(1);
        Event(&zone->event, registry).NotifyOne();
        // [end]
      },
      shared_, child_tag);
  ASSERT_TRUE(child.ok()) << child.status();
  Zone* zone = shared_.zone;
  const Registry& registry = shared_.registry;
  // [await]
  Event event(&zone->event, registry);
  event.Await([&] { return zone->jobs.load() > 0; });
  // [end]
  EXPECT_EQ(zone->jobs, 1);
  AwaitDeath(*child);
  Bury(*child, child_tag, shared_);
}

TEST_F(Guide, Counter) {
  Zone* zone = shared_.zone;
  OwnerTag self = self_;
  // [counter]
  WorkerLine& mine = zone->workers[self.slot()];  // no other process writes it
  mine.active.Add();
  mine.requests.Add();
  mine.active.Subtract();

  const std::uint64_t all = Sum(absl::MakeConstSpan(zone->workers), &WorkerLine::requests);
  // [end]
  EXPECT_EQ(all, 1);
}

}  // namespace
