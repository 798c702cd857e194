// The examples of docs/IPC.md and README.md, which quote the pieces between a line with a name in
// brackets and one with [end]; //tests:quoted_code_test compares them.

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/channel/pipe.h"
#include "muster/ipc/lock/counter.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/event_fd.h"
#include "muster/ipc/lock/file_lock.h"
#include "muster/ipc/lock/latch.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/ipc/process/signal_set.h"
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

// [shortest]
struct Jobs {
  MutexState mutex;
  std::int64_t done;  // guarded by mutex
};

// Any process that shares the memory calls this. If it is killed in here, the next one continues.
void FinishJob(Jobs* jobs, const Registry& registry, OwnerTag self) {
  Mutex mutex(&jobs->mutex, registry, self, {.repair = [] { return true; }});
  std::scoped_lock guard(mutex);
  ++jobs->done;
}
// [end]

// The parent calls this when one of them is dead.
void Recover(Jobs* jobs, const Registry& registry, OwnerTag dead) {
  registry.MarkDead(dead);
  jobs->mutex.Recover(dead);
  registry.Free(dead);
}

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

TEST(Jobs, GoOnAfterTheDeathOfTheOneWhoHeldThem) {
  const std::size_t registry_bytes = Registry::BytesFor(2);
  auto memory = SharedMemory::CreateAnonymous({.size_bytes = registry_bytes + sizeof(Jobs)});
  ASSERT_TRUE(memory.ok()) << memory.status();
  const Registry registry = Registry::Create(memory->data(), registry_bytes, 2).value();
  auto* jobs = new (memory->data() + registry_bytes) Jobs();
  const OwnerTag parent = registry.Reserve(0).value();
  const OwnerTag child = registry.Reserve(1).value();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    FinishJob(jobs, registry, child);
    Mutex mutex(&jobs->mutex, registry, child);
    if (mutex.Lock() == LockOutcome::kAcquired) ::raise(SIGKILL);
    ::_exit(1);
  }
  ASSERT_GT(pid, 0);
  ASSERT_TRUE(PidFd::Open(pid)->Wait(PidFd::Reap::kYes)->was_killed);
  Recover(jobs, registry, child);
  FinishJob(jobs, registry, parent);
  EXPECT_EQ(jobs->done, 2);
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

TEST(GuideNames, TrustedOwner) {
  const uid_t publisher = ::geteuid();
  // [trusted_owner]
  auto memory = SharedMemory::AttachPosix("/prices", {.trusted = {.user = publisher}});
  // [end]
  EXPECT_TRUE(absl::IsNotFound(memory.status())) << memory.status();
}

absl::Status RunAlone(const std::string& path) {
  // [file_lock]
  MUSTER_ASSIGN_OR_RETURN(FileLock lock, FileLock::Open(path, FileLockOwner::kOpenFile));
  MUSTER_ASSIGN_OR_RETURN(bool is_mine, lock.TryLock());
  if (!is_mine) return absl::AlreadyExistsError("another instance is running");
  // [end]
  return absl::OkStatus();
}

TEST_F(Guide, FileLock) {
  const std::string path = absl::StrCat(testing::TempDir(), "/instance.lock");
  EXPECT_TRUE(RunAlone(path).ok());
  auto other = FileLock::Open(path, FileLockOwner::kOpenFile);
  ASSERT_TRUE(other.ok() && other->Lock().ok());
  EXPECT_EQ(RunAlone(path).code(), absl::StatusCode::kAlreadyExists);
}

absl::Status PassOverChannel(int fd, int* answered) {
  // [channel]
  enum class Command : std::uint16_t { kServe = 1 };
  MUSTER_ASSIGN_OR_RETURN(Channel::Pair pair, Channel::CreatePair());  // one end for each process

  MUSTER_RETURN_IF_ERROR(pair.first
                             .Send({.command = CommandNumber(Command::kServe),
                                    .payload = "orders",
                                    .fds = absl::MakeConstSpan(&fd, 1)})
                             .status());

  ReceivedMessage message;
  MUSTER_ASSIGN_OR_RETURN(ReceiveOutcome outcome, pair.second.Receive(&message));
  if (outcome == ReceiveOutcome::kPeerGone) return absl::UnavailableError("the peer died");
  if (message.command_as<Command>() == Command::kServe) {
    // this process owns message.fds[0]; message.sender.pid is from the kernel
  }
  // [end]
  *answered =
      message.payload == "orders" && message.fds.size() == 1 && message.sender.pid == ::getpid();
  return absl::OkStatus();
}

absl::Status AwaitAnswer(const Channel& channel) {
  ReceivedMessage message;
  // [deadline]
  auto answer = channel.Receive(&message, Deadline::After(absl::Seconds(5)));
  if (absl::IsDeadlineExceeded(answer.status())) return absl::UnavailableError("no answer");
  // [end]
  return answer.status();
}

TEST_F(Guide, Deadline) {
  auto pair = Channel::CreatePair();
  ASSERT_TRUE(pair->first.Send({}).ok());
  EXPECT_TRUE(AwaitAnswer(pair->second).ok());
}

TEST_F(Guide, Channel) {
  int answered = 0;
  ASSERT_TRUE(PassOverChannel(STDIN_FILENO, &answered).ok());
  EXPECT_TRUE(answered);
}

absl::Status WaitForSignal(int* got) {
  // [signals]
  MUSTER_ASSIGN_OR_RETURN(SignalSet signals, SignalSet::Block({SIGTERM, SIGHUP}));
  MUSTER_ASSIGN_OR_RETURN(PidFd self, PidFd::Open(::getpid()));
  MUSTER_RETURN_IF_ERROR(self.Send(SIGHUP));  // that process or none, never another
  // ... when poll says that signals.fd() is readable:
  MUSTER_ASSIGN_OR_RETURN(std::optional<ReceivedSignal> signal, signals.TryRead());
  // [end]
  if (signal.has_value()) *got = signal->number;
  return absl::OkStatus();
}

TEST_F(Guide, Signals) {
  int got = 0;
  ASSERT_TRUE(WaitForSignal(&got).ok());
  EXPECT_EQ(got, SIGHUP);
}

absl::Status PassRecord(std::string* record) {
  // [pipe]
  MUSTER_ASSIGN_OR_RETURN(Pipe pipe, Pipe::Create());
  MUSTER_RETURN_IF_ERROR(pipe.writer.Send("one record, whole").status());
  MUSTER_RETURN_IF_ERROR(pipe.reader.Receive(record).status());
  // [end]
  return absl::OkStatus();
}

TEST_F(Guide, Pipe) {
  std::string record;
  ASSERT_TRUE(PassRecord(&record).ok());
  EXPECT_EQ(record, "one record, whole");
}

absl::Status PassConfiguration(std::string* received) {
  // [sealed_bytes]
  MUSTER_ASSIGN_OR_RETURN(UniqueFd sealed, SealBytes("configuration", "workers: 4"));
  // ... over a channel, then
  MUSTER_ASSIGN_OR_RETURN(*received, ReadSealedBytes(sealed.get(), 1 << 20));
  // [end]
  return absl::OkStatus();
}

TEST_F(Guide, SealedBytes) {
  std::string received;
  ASSERT_TRUE(PassConfiguration(&received).ok());
  EXPECT_EQ(received, "workers: 4");
}

}  // namespace
