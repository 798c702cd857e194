#include "muster/worker/zone/shared_zone.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/worker/zone/slot_recovery.h"
#include "muster/worker/zone/zone_layout.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;

SharedZone MakeZone(std::uint32_t capacity = 4) {
  auto zone = SharedZone::Create(capacity);
  EXPECT_TRUE(zone.ok()) << zone.status();
  return *std::move(zone);
}

ipc::UniqueFd Copy(int fd) {
  auto copy = ipc::DuplicateFd(fd);
  EXPECT_TRUE(copy.ok()) << copy.status();
  return *std::move(copy);
}

ipc::OwnerTag Reserve(const SharedZone& zone) {
  const auto tag = zone.Reserve();
  EXPECT_TRUE(tag.ok()) << tag.status();
  return *tag;
}

// Changes a word of a good zone, and attaches.
absl::Status AttachDamaged(std::size_t offset, std::uint64_t mask) {
  const SharedZone zone = MakeZone();
  ipc::SharedMemoryOptions options;
  options.size_bytes = ZoneBytes(4);
  const auto view = ipc::SharedMemory::AttachMemfd(Copy(zone.fd()), options);
  EXPECT_TRUE(view.ok()) << view.status();
  std::uint32_t word;
  std::memcpy(&word, view->data() + offset, sizeof(word));
  word ^= mask;
  std::memcpy(view->data() + offset, &word, sizeof(word));
  return SharedZone::Attach(Copy(zone.fd())).status();
}

TEST(SharedZone, IsOneForAllWhoAttach) {
  const SharedZone zone = MakeZone();
  const auto other = SharedZone::Attach(Copy(zone.fd()));
  ASSERT_TRUE(other.ok()) << other.status();
  const ipc::OwnerTag tag = Reserve(zone);
  other->stats(tag.slot()).requests.Add(3);
  EXPECT_EQ(zone.stats(tag.slot()).requests.value(), 3u);
  EXPECT_EQ(other->instance_id(), zone.instance_id());
  EXPECT_EQ(other->capacity(), 4u);
  EXPECT_TRUE(other->registry().IsLive(tag));
}

TEST(SharedZone, RefusesACapacityOfNone) {
  EXPECT_EQ(SharedZone::Create(0).status().message(),
            "shared zone: a capacity of 0 is not within 1..4094");
}

TEST(SharedZone, RefusesWhatIsNoMemory) {
  EXPECT_THAT(std::string(SharedZone::Attach(ipc::UniqueFd()).status().message()),
              HasSubstr("attach shared zone"));
}

TEST(SharedZone, RefusesMemoryThatIsTooSmall) {
  ipc::SharedMemoryOptions options;
  options.size_bytes = 4096 / 8;
  const auto memory = ipc::SharedMemory::CreateMemfd("small", options);
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_THAT(std::string(SharedZone::Attach(Copy(memory->fd())).status().message()),
              HasSubstr("512 bytes"));
}

TEST(SharedZone, RefusesOneThatIsNotPublished) {
  ipc::SharedMemoryOptions options;
  options.size_bytes = ZoneBytes(4);
  const auto memory = ipc::SharedMemory::CreateMemfd("building", options);
  ASSERT_TRUE(memory.ok()) << memory.status();
  const absl::Status status = SharedZone::Attach(Copy(memory->fd())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("state"));
}

TEST(SharedZone, RefusesAnotherMagic) {
  EXPECT_THAT(std::string(AttachDamaged(offsetof(ipc::SharedHeader, magic), 1).message()),
              HasSubstr("magic"));
}

TEST(SharedZone, RefusesAnotherLayoutVersion) {
  EXPECT_THAT(std::string(AttachDamaged(offsetof(ipc::SharedHeader, layout_version), 1).message()),
              HasSubstr("layout version is 2, expected 3"));
}

TEST(SharedZone, RefusesAnotherAbi) {
  EXPECT_THAT(std::string(AttachDamaged(offsetof(ipc::SharedHeader, abi_hash), 1).message()),
              HasSubstr("ABI hash"));
}

TEST(SharedZone, RefusesAnotherSize) {
  EXPECT_THAT(std::string(AttachDamaged(offsetof(ipc::SharedHeader, size_bytes), 4096).message()),
              HasSubstr("size in bytes"));
}

TEST(SharedZone, RefusesACapacityThatDoesNotFitItsSize) {
  EXPECT_THAT(std::string(AttachDamaged(offsetof(ZoneFront, capacity), 8).message()),
              HasSubstr("a capacity of 12 needs"));
}

TEST(SharedZone, RefusesACapacityBeyondAnyRegistrys) {
  EXPECT_THAT(std::string(AttachDamaged(offsetof(ZoneFront, capacity), 1u << 31).message()),
              HasSubstr("is not within 1..4094"));
}

TEST(SharedZone, RefusesADamagedRegistry) {
  EXPECT_THAT(std::string(AttachDamaged(kRegistryOffset, 1).message()), HasSubstr("registry"));
}

TEST(SharedZone, ReservesTheLowestFreeSlot) {
  const SharedZone zone = MakeZone();
  EXPECT_EQ(Reserve(zone).slot(), 0u);
  const ipc::OwnerTag second = Reserve(zone);
  EXPECT_EQ(second.slot(), 1u);
  EXPECT_EQ(Reserve(zone).slot(), 2u);
  RecoverSlot(zone, second);
  EXPECT_EQ(Reserve(zone).slot(), 1u);
}

TEST(SharedZone, ReservesASlotOfTheMastersChoice) {
  const SharedZone zone = MakeZone();
  const auto tag = zone.Reserve(3);
  ASSERT_TRUE(tag.ok()) << tag.status();
  EXPECT_EQ(tag->slot(), 3u);
  zone.stats(3).requests.Add(2);
  EXPECT_EQ(zone.Sum().requests, 2u);
  EXPECT_EQ(zone.Reserve(3).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SharedZone, SaysWhenNoSlotIsFree) {
  const SharedZone zone = MakeZone(1);
  Reserve(zone);
  EXPECT_EQ(zone.Reserve().status().message(),
            "reserve a slot of the shared zone: all 1 are taken");
}

// Each word that only the master writes, and that a process which attaches looks at.
TEST(SharedZone, IsAttachedAgainOnceItIsRestored) {
  const SharedZone zone = MakeZone();
  Reserve(zone);
  ipc::SharedMemoryOptions options;
  options.size_bytes = ZoneBytes(4);
  const auto view = ipc::SharedMemory::AttachMemfd(Copy(zone.fd()), options);
  ASSERT_TRUE(view.ok()) << view.status();
  for (const std::size_t offset :
       {offsetof(ipc::SharedHeader, magic), offsetof(ipc::SharedHeader, layout_version),
        offsetof(ipc::SharedHeader, state), offsetof(ipc::SharedHeader, abi_hash),
        offsetof(ipc::SharedHeader, size_bytes), offsetof(ZoneFront, capacity), kRegistryOffset,
        kRegistryOffset + 8, kRegistryOffset + 12}) {
    std::uint32_t word = 0xdeadbeef;
    std::memcpy(view->data() + offset, &word, sizeof(word));
    EXPECT_FALSE(SharedZone::Attach(Copy(zone.fd())).ok()) << "damaged at " << offset;
    zone.Restore();
    const auto attached = SharedZone::Attach(Copy(zone.fd()));
    EXPECT_TRUE(attached.ok()) << "at " << offset << ": " << attached.status();
  }
}

TEST(SharedZone, CountsAllSlotsOfADamagedZone) {
  const SharedZone zone = MakeZone();
  zone.stats(Reserve(zone).slot()).requests.Add(2);
  ipc::SharedMemoryOptions options;
  options.size_bytes = ZoneBytes(4);
  const auto view = ipc::SharedMemory::AttachMemfd(Copy(zone.fd()), options);
  ASSERT_TRUE(view.ok()) << view.status();
  std::memset(view->data() + offsetof(ZoneFront, slots_used), 0, 4);
  EXPECT_EQ(zone.Sum().requests, 2u);
  zone.Restore();
  EXPECT_EQ(SharedZone::Attach(Copy(zone.fd()))->Sum().requests, 2u);
}

TEST(SharedZone, AddsUpAllSlots) {
  const SharedZone zone = MakeZone();
  zone.stats(Reserve(zone).slot()).requests.Add(2);
  zone.stats(Reserve(zone).slot()).requests.Add(3);
  EXPECT_EQ(zone.Sum().requests, 5u);
}

std::string BytesOf(const SharedZone& zone) {
  std::string bytes(ZoneBytes(zone.capacity()), '\0');
  EXPECT_EQ(::pread(zone.fd(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return bytes;
}

TEST(SharedZone, IsTakenOverWithTheRecordOfItsSlotsAndNothingIsWritten) {
  const SharedZone zone = MakeZone();
  const ipc::OwnerTag tag = Reserve(zone);
  zone.stats(tag.slot()).requests.Add(3);
  const std::string before = BytesOf(zone);
  const auto next =
      SharedZone::TakeOver(Copy(zone.fd()), zone.instance_id(), zone.slot_table().lines());
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(BytesOf(zone), before);
  EXPECT_TRUE(next->slot_table().IsLive(tag));
  EXPECT_EQ(next->stats(tag.slot()).requests.value(), 3u);
  EXPECT_EQ(Reserve(*next).slot(), 1u);
  EXPECT_TRUE(zone.registry().IsLive(tag));
}

TEST(SharedZone, IsNotTakenOverInPlaceOfAnother) {
  const SharedZone zone = MakeZone();
  EXPECT_THAT(std::string(SharedZone::TakeOver(Copy(zone.fd()), 1, {}).status().message()),
              HasSubstr(", expected 1"));
  const auto larger =
      SharedZone::TakeOver(Copy(zone.fd()), zone.instance_id(), std::vector<SlotTable::Line>(5));
  EXPECT_EQ(larger.status().message(), "attach shared zone: it has 4 slots, expected at least 5");
}

}  // namespace
}  // namespace muster::worker
