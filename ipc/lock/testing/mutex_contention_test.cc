// Many processes or threads and one mutex.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

struct Tally {
  long count = 0;
};

// Not atomic: only the mutex keeps it right.
void CountTo(long rounds, Mutex& mutex, Tally& tally) {
  for (long i = 0; i < rounds; ++i) {
    const std::lock_guard lock(mutex);
    tally.count = tally.count + 1;
  }
}

class MutexContentionTest : public ::testing::Test {
 protected:
  const Registry& registry() { return zone_.registry(); }
  Mutex As(OwnerTag tag, MutexOptions::Strategy strategy = MutexOptions::Strategy::kSpinThenSleep) {
    return Mutex(state_, registry(), tag, {.strategy = strategy, .repair = nullptr});
  }

  TestZone zone_;
  MutexState* state_ = zone_.Place<MutexState>();
};

class MutexOfStrategy : public MutexContentionTest,
                        public ::testing::WithParamInterface<MutexOptions::Strategy> {};

TEST_P(MutexOfStrategy, ExcludesProcesses) {
  constexpr int kProcesses = 4;
  constexpr long kRounds = 20'000;
  Tally* tally = zone_.Place<Tally>();
  std::vector<std::unique_ptr<ForkedChild>> children;
  for (std::uint32_t slot = 1; slot <= kProcesses; ++slot) {
    const OwnerTag tag = zone_.Reserve(slot);
    children.push_back(std::make_unique<ForkedChild>([&] {
      Mutex mutex = As(tag, GetParam());
      CountTo(kRounds, mutex, *tally);
      return 0;
    }));
  }
  for (const auto& child : children) EXPECT_EQ(child->Join(), 0);
  EXPECT_EQ(tally->count, kProcesses * kRounds);
}

TEST_P(MutexOfStrategy, ExcludesThreads) {
  constexpr int kThreads = 4;
  constexpr long kRounds = 20'000;
  Tally tally;
  std::vector<std::thread> threads;
  for (std::uint32_t slot = 1; slot <= kThreads; ++slot) {
    threads.emplace_back([this, &tally, tag = zone_.Reserve(slot)] {
      Mutex mutex = As(tag, GetParam());
      CountTo(kRounds, mutex, tally);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tally.count, kThreads * kRounds);
}

INSTANTIATE_TEST_SUITE_P(Strategies, MutexOfStrategy,
                         ::testing::Values(MutexOptions::Strategy::kSpin,
                                           MutexOptions::Strategy::kSpinThenSleep));

TEST(MutexOnFile, ExcludesProcesses) {
  constexpr int kProcesses = 3;
  constexpr long kRounds = 1'000;
  const std::string path = ::testing::TempDir() + "/contention";
  ::unlink(path.c_str());
  TestZone zone;
  Tally* tally = zone.Place<Tally>();
  std::vector<std::unique_ptr<ForkedChild>> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(std::make_unique<ForkedChild>([&] {
      auto mutex = Mutex::OnFile(path, 0);
      CountTo(kRounds, *mutex, *tally);
      return 0;
    }));
  }
  for (const auto& child : children) EXPECT_EQ(child->Join(), 0);
  EXPECT_EQ(tally->count, kProcesses * kRounds);
}

// Half of a change is visible to who is told kOwnerDied, and to nobody else.
struct Pair {
  std::atomic<long> first{0};
  std::atomic<long> second{0};
};

int ChangeForEver(Mutex& mutex, Pair& pair) {
  for (;;) {
    const LockOutcome outcome = mutex.Lock();
    if (!Holds(outcome)) return 1;
    if (outcome == LockOutcome::kOwnerDied) {
      pair.second = pair.first.load();
      mutex.MarkConsistent();
    }
    if (pair.first != pair.second) return 2;
    ++pair.first;
    ++pair.second;
    if (!mutex.Unlock()) return 3;
  }
}

TEST_F(MutexContentionTest, GoesOnWhileItsUsersAreKilledAtRandom) {
  constexpr std::uint32_t kUsers = 3;
  constexpr int kKills = 150;
  Pair* pair = zone_.Place<Pair>();
  std::vector<OwnerTag> tags;
  std::vector<std::unique_ptr<ForkedChild>> users;
  const auto start = [&](std::uint32_t slot) {
    tags[slot] = zone_.Reserve(slot + 1);
    users[slot] = std::make_unique<ForkedChild>([&, slot] {
      Mutex mutex = As(tags[slot]);
      return ChangeForEver(mutex, *pair);
    });
  };
  tags.resize(kUsers);
  users.resize(kUsers);
  for (std::uint32_t slot = 0; slot < kUsers; ++slot) start(slot);
  for (int kill = 0; kill < kKills; ++kill) {
    const std::uint32_t slot = static_cast<std::uint32_t>(kill) % kUsers;
    // Work goes on after each recovery, with whoever is left.
    const long before = pair->first;
    const Deadline deadline = Deadline::After(absl::Seconds(20));
    while (pair->first < before + 100 && !deadline.has_passed()) std::this_thread::yield();
    ASSERT_FALSE(deadline.has_passed()) << "stuck after " << kill << " kills";
    ::kill(users[slot]->pid(), SIGKILL);
    ASSERT_EQ(users[slot]->Join(), -SIGKILL);
    ASSERT_TRUE(registry().MarkDead(tags[slot]));
    state_->Recover(tags[slot]);
    ASSERT_TRUE(registry().Free(tags[slot]));
    start(slot);
  }
}

}  // namespace
}  // namespace muster::ipc
