// Handles that need nothing in front of them: one for all threads of a participant.

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/event_fd.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/threads.h"

namespace muster::ipc {
namespace {

constexpr int kThreads = 4;

template <typename Work>
void InThreads(Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

TEST(OneSemaphoreForAllThreads, GivesNoPermitToTwo) {
  constexpr std::uint32_t kPermits = 2;
  TestZone zone;
  auto* const state = zone.Place<SemaphoreState<kPermits>>();
  Semaphore semaphore = *Semaphore::Create(state, zone.registry(), zone.Reserve(0));
  std::atomic<int> users[kPermits] = {};
  std::atomic<int> meetings{0};
  InThreads([&] {
    for (int i = 0; i < 3'000; ++i) {
      const std::uint32_t permit = *semaphore.Acquire();
      if (++users[permit] != 1) ++meetings;
      --users[permit];
      EXPECT_TRUE(semaphore.Release(permit));
    }
  });
  EXPECT_EQ(meetings, 0);
  EXPECT_EQ(semaphore.available(), kPermits);
}

TEST(OneSemaphoreForAllThreads, TakesAPermitBackFromAnyOfThem) {
  TestZone zone;
  auto* const state = zone.Place<SemaphoreState<1>>();
  Semaphore semaphore = *Semaphore::Create(state, zone.registry(), zone.Reserve(0));
  const std::uint32_t permit = InThread([&] { return *semaphore.Acquire(); });
  EXPECT_EQ(semaphore.available(), 0u);
  EXPECT_TRUE(semaphore.Release(permit));
}

TEST(OneEventForAllThreads, LosesNoWake) {
  constexpr int kItems = 3'000;
  TestZone zone;
  Event event(zone.Place<EventState>(), zone.registry());
  std::atomic<int> items{0};
  std::thread producer([&] {
    for (int i = 0; i < kThreads * kItems; ++i) {
      items.fetch_add(1);
      event.NotifyOne();
    }
  });
  InThreads([&] {
    for (int i = 0; i < kItems; ++i) {
      event.Await([&] {
        int seen = items.load();
        while (seen > 0 && !items.compare_exchange_weak(seen, seen - 1)) {
        }
        return seen > 0;
      });
    }
  });
  producer.join();
  EXPECT_EQ(items, 0);
}

TEST(OneEventFdForAllThreads, LosesNoWakeOfAnyNotifier) {
  constexpr int kItems = 3'000;
  TestZone zone;
  EventFd event = *EventFd::Create(zone.Place<EventFdState>(), zone.registry());
  std::atomic<int> items{0};
  std::thread consumer([&] {
    for (int seen = 0; seen < kThreads * kItems;) {
      event.Arm();
      seen += items.exchange(0);
      if (seen == kThreads * kItems) break;
      pollfd fd = {event.fd(), POLLIN, 0};
      ::poll(&fd, 1, items.load() > 0 ? 0 : -1);
      event.Drain();
    }
  });
  InThreads([&] {
    for (int i = 0; i < kItems; ++i) {
      items.fetch_add(1);
      event.Notify();
    }
  });
  consumer.join();
}

}  // namespace
}  // namespace muster::ipc
