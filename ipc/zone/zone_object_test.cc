// The objects of a zone: how they are found, made and refused.

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/zone/zone.h"
#include "muster/ipc/zone/zone_fixture.h"

namespace muster::ipc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace muster::ipc
