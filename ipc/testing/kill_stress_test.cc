// Real processes under load, killed and stopped at random, with checksummed payloads.
#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <new>
#include <random>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/latch.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

using Clock = std::chrono::steady_clock;

const Clock::time_point kBegin = Clock::now();

constexpr std::uint32_t kWorkers = 4;
constexpr std::uint32_t kSlots = 8;
constexpr std::uint32_t kVisitor = kWorkers;  // the supervisor's own slot
constexpr std::uint32_t kPermits = 2;
// For at least so long, and with at least so many deaths.
constexpr auto kDuration = std::chrono::seconds(6);
constexpr int kLeastDeaths = 10;
// One is done about every ten milliseconds.
constexpr std::size_t kOnces = 1024;
// Nobody has to wait as long on any machine, unless for ever.
constexpr auto kPatience = std::chrono::seconds(20);

// Plain words under a lock: whole, or its owner died.
struct Payload {
  std::uint64_t words[16] = {};
  std::uint64_t checksum = 0;

  void Fill(std::uint64_t seed) {
    for (std::uint64_t& word : words) *const_cast<volatile std::uint64_t*>(&word) = seed++;
    *const_cast<volatile std::uint64_t*>(&checksum) = Sum();
  }
  bool is_whole() const { return checksum == Sum(); }

 private:
  std::uint64_t Sum() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t word : words) sum = sum * 31 + word;
    return sum;
  }
};

enum Primitive { kMutex, kSpinlock, kRwLock, kSemaphore, kEvent, kOnce, kPrimitives };

// What a once guards: both equal when it is done.
struct Initialised {
  OnceState once;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

struct Zone {
  MutexState mutex;
  SpinlockState spinlock;
  RwLockState<kSlots> rw_lock;
  SemaphoreState<kPermits> semaphore;
  LatchState<Payload> latch;
  EventState event;
  std::atomic<std::int64_t> jobs;
  Initialised initialised[kOnces];
  Gauge busy[kSlots];
  Payload of_mutex, of_spinlock, of_rw_lock;
  std::atomic<std::uint64_t> rounds[kPrimitives];
  std::atomic<std::uint64_t> told;  // deaths within a section
  std::atomic<const char*> fault;   // a literal, the same address after fork
  alignas(kCacheLineBytes) std::byte registry[4096];
};

class Worker {
 public:
  Worker(Zone* zone, const Registry& registry, OwnerTag tag)
      : zone_(zone),
        seed_(tag.bits()),
        mutex_(&zone->mutex, registry, tag),
        spinlock_(&zone->spinlock, registry, tag),
        rw_lock_(Value(RwLock::Create(&zone->rw_lock, registry, tag))),
        semaphore_(Value(Semaphore::Create(&zone->semaphore, registry, tag))),
        event_(&zone->event, registry),
        latch_(&zone->latch),
        registry_(registry),
        tag_(tag),
        busy_(zone->busy[tag.slot()]) {}

  void Use(Primitive primitive) {
    busy_.Set(1);
    switch (primitive) {
      case kMutex:
        UseMutex();
        break;
      case kSpinlock:
        UseSpinlock();
        break;
      case kRwLock:
        UseRwLock();
        break;
      case kSemaphore:
        UseSemaphore();
        break;
      case kEvent:
        UseEvent();
        break;
      case kOnce:
        UseOnce();
        break;
      case kPrimitives:
        break;
    }
    zone_->rounds[primitive].fetch_add(1);
    const Payload latest = latch_.Read();
    if (!latest.is_whole()) Fault("a torn value was read from the latch");
    busy_.Clear();
  }
  void UseAtRandom() {
    std::minstd_rand random(static_cast<std::uint32_t>(seed_));
    for (;;) Use(static_cast<Primitive>(random() % kPrimitives));
  }

 private:
  void UseMutex() {
    const LockOutcome outcome = mutex_.Lock();
    if (!Change(zone_->of_mutex, outcome)) return;
    Payload next;
    next.Fill(seed_);
    latch_.Write(next);
    if (outcome == LockOutcome::kOwnerDied) mutex_.MarkConsistent();
    if (!mutex_.Unlock()) Fault("the mutex was not ours to unlock");
  }
  void UseSpinlock() {
    if (!Change(zone_->of_spinlock, spinlock_.Lock())) return;
    spinlock_.Unlock();
  }
  void UseRwLock() {
    if (++seed_ % 4 != 0 && rw_lock_.LockShared() == LockOutcome::kAcquired) {
      if (!zone_->of_rw_lock.is_whole()) Fault("a torn value was read under the shared lock");
      if (!rw_lock_.UnlockShared()) Fault("the shared lock was not ours to unlock");
    } else {
      const LockOutcome outcome = rw_lock_.Lock();
      if (!Change(zone_->of_rw_lock, outcome)) return;
      if (outcome == LockOutcome::kOwnerDied) rw_lock_.MarkConsistent();
      if (!rw_lock_.Unlock()) Fault("the exclusive lock was not ours to unlock");
    }
  }
  void UseSemaphore() {
    if (!semaphore_.Release(*semaphore_.Acquire())) Fault("the permit was not ours to release");
  }
  // Everybody posts one job before it takes one, so there is one for each who waits, whoever died.
  void UseEvent() {
    zone_->jobs.fetch_add(1);
    event_.NotifyOne();
    event_.Await([this] { return TakeJob(); });
  }
  bool TakeJob() {
    std::int64_t jobs = zone_->jobs.load();
    while (jobs > 0) {
      if (zone_->jobs.compare_exchange_weak(jobs, jobs - 1)) return true;
    }
    return false;
  }
  void UseOnce() {
    const auto index = (Clock::now() - kBegin) / std::chrono::milliseconds(10);
    Initialised& next = zone_->initialised[static_cast<std::size_t>(index) % kOnces];
    const absl::Status status = Once(&next.once, registry_, tag_).Call([&](bool) {
      *const_cast<volatile std::uint64_t*>(&next.first) = seed_;
      *const_cast<volatile std::uint64_t*>(&next.second) = seed_;
      return absl::OkStatus();
    });
    if (!status.ok()) Fault("a once failed");
    if (next.first != next.second) Fault("a once that is done is half done");
  }

  // A payload is whole unless we were told of a death.
  bool Change(Payload& payload, LockOutcome outcome) {
    if (!Holds(outcome)) {
      Fault(ToString(outcome));
      return false;
    }
    if (outcome == LockOutcome::kAcquired && !payload.is_whole()) {
      Fault("a payload is torn and nobody told of a death");
    }
    if (outcome == LockOutcome::kOwnerDied) zone_->told.fetch_add(1);
    payload.Fill(++seed_);
    return true;
  }
  void Fault(const char* what) { zone_->fault.store(what); }

  Zone* zone_;
  std::uint64_t seed_;
  Mutex mutex_;
  Spinlock spinlock_;
  RwLock rw_lock_;
  Semaphore semaphore_;
  Event event_;
  Latch<Payload> latch_;
  Registry registry_;
  OwnerTag tag_;
  Gauge& busy_;
};

// Starts the workers, and recovers and replaces those that it kills.
class Supervisor {
 public:
  Supervisor()
      : memory_(Value(SharedMemory::CreateAnonymous({.size_bytes = sizeof(Zone)}))),
        zone_(new (memory_.data()) Zone{}),
        registry_(Value(Registry::Create(zone_->registry, sizeof zone_->registry, kSlots))) {
    for (std::uint32_t slot = 0; slot < kWorkers; ++slot) Start(slot);
  }

  Zone& zone() { return *zone_; }
  pid_t pid(std::uint32_t slot) const { return workers_[slot]->pid(); }

  void Start(std::uint32_t slot) {
    tags_[slot] = Value(registry_.Reserve(slot));
    workers_[slot] = std::make_unique<ForkedChild>([&] {
      Worker(zone_, registry_, tags_[slot]).UseAtRandom();
      return 0;
    });
  }
  // Returns when it is dead and recovered.
  void Kill(std::uint32_t slot) {
    workers_[slot]->Kill();
    registry_.MarkDead(tags_[slot]);
    zone_->mutex.Recover(tags_[slot]);
    zone_->spinlock.Recover(tags_[slot]);
    zone_->rw_lock.Recover(tags_[slot]);
    zone_->semaphore.Recover(tags_[slot]);
    zone_->event.Recover(tags_[slot]);
    for (Initialised& initialised : zone_->initialised) initialised.once.Recover(tags_[slot]);
    zone_->busy[slot].Clear();
    registry_.Free(tags_[slot]);
  }
  // Until so many more rounds are done. False: the primitive is stuck.
  bool AwaitProgress(Primitive primitive, std::uint64_t rounds) {
    const std::uint64_t goal = zone_->rounds[primitive].load() + rounds;
    const Clock::time_point limit = Clock::now() + kPatience;
    while (zone_->rounds[primitive].load() < goal) {
      if (Clock::now() > limit) return false;
      Nap();
    }
    return true;
  }
  void Nap() {
    const timespec nap = {0, 50'000};
    ::nanosleep(&nap, nullptr);
  }
  // Everything once, in this process.
  void Visit() {
    const OwnerTag tag = Value(registry_.Reserve(kVisitor));
    Worker visitor(zone_, registry_, tag);
    for (int i = 0; i < kPrimitives; ++i) visitor.Use(static_cast<Primitive>(i));
    registry_.MarkDead(tag);
    registry_.Free(tag);
  }
  std::uint32_t permits_left() {
    const OwnerTag tag = Value(registry_.Reserve(kVisitor));
    const std::uint32_t available =
        Value(Semaphore::Create(&zone_->semaphore, registry_, tag)).available();
    registry_.MarkDead(tag);
    registry_.Free(tag);
    return available;
  }

 private:
  SharedMemory memory_;
  Zone* zone_;
  Registry registry_;
  std::array<OwnerTag, kSlots> tags_;
  std::array<std::unique_ptr<ForkedChild>, kWorkers> workers_;
};

TEST(KillStress, LosesNoLockAndNoPayloadWhenWorkersAreKilledAndStopped) {
  Supervisor supervisor;
  std::random_device device;
  const unsigned seed = device();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const Clock::time_point end = Clock::now() + kDuration;
  int deaths = 0;
  int stops = 0;
  while (Clock::now() < end || deaths < kLeastDeaths) {
    const std::uint32_t slot = random() % kWorkers;
    if (random() % 4 == 0) {
      // A stopped one is not a dead one: whoever waits for it goes on waiting.
      ::kill(supervisor.pid(slot), SIGSTOP);
      supervisor.Nap();
      ::kill(supervisor.pid(slot), SIGCONT);
      ++stops;
    } else {
      supervisor.Kill(slot);
      supervisor.Start(slot);
      ++deaths;
    }
    const auto primitive = static_cast<Primitive>(random() % kPrimitives);
    ASSERT_TRUE(supervisor.AwaitProgress(primitive, 1 + random() % 8))
        << "primitive " << primitive << " is stuck after " << deaths << " deaths";
    ASSERT_EQ(supervisor.zone().fault.load(), nullptr) << supervisor.zone().fault.load();
  }
  for (int i = 0; i < kPrimitives; ++i) {
    ASSERT_TRUE(supervisor.AwaitProgress(static_cast<Primitive>(i), 10)) << "primitive " << i;
  }
  for (std::uint32_t slot = 0; slot < kWorkers; ++slot) supervisor.Kill(slot);
  supervisor.Visit();
  EXPECT_EQ(supervisor.zone().fault.load(), nullptr) << supervisor.zone().fault.load();
  EXPECT_EQ(supervisor.zone().mutex.word.load(), kUnlockedWord);
  EXPECT_EQ(supervisor.zone().spinlock.word.load(), kUnlockedWord);
  EXPECT_EQ(supervisor.zone().rw_lock.writer.word.load(), kUnlockedWord);
  EXPECT_EQ(supervisor.permits_left(), kPermits);
  for (const Gauge& busy : supervisor.zone().busy) EXPECT_EQ(busy.value(), 0);
  std::printf("%d deaths, %ju within a section; %d stops; rounds:", deaths,
              static_cast<std::uintmax_t>(supervisor.zone().told.load()), stops);
  for (const auto& rounds : supervisor.zone().rounds) {
    std::printf(" %ju", static_cast<std::uintmax_t>(rounds.load()));
  }
  std::printf("\n");
}

}  // namespace
}  // namespace muster::ipc::testing
