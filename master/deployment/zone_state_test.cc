#include "muster/master/deployment/zone_state.h"

#include <sys/mman.h>

#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::master {
namespace {

using state::v1::SharedZoneState;
using ::testing::StartsWith;

class SharedZoneStateTest : public testing::Test {
 protected:
  SharedZoneState Save() {
    keep_ = DescriptorKeep();
    return SaveSharedZone(zone_, keep_);
  }
  absl::StatusOr<worker::SharedZone> Restore(const SharedZoneState& state) const {
    DescriptorInheritance descriptors(keep_.numbers());
    return RestoreSharedZone(state, descriptors);
  }

  const worker::SharedZone zone_ = *worker::SharedZone::Create(4);
  DescriptorKeep keep_;
};

TEST_F(SharedZoneStateTest, ComesBackEqual) {
  const ipc::OwnerTag first = *zone_.Reserve();
  const ipc::OwnerTag second = *zone_.Reserve();
  const ipc::OwnerTag third = *zone_.Reserve();
  zone_.slot_table().MarkDead(first);
  zone_.slot_table().Free(first);
  zone_.slot_table().MarkDead(second);
  SharedZoneState state = Save();
  const auto again = Restore(state);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->slot_table().IsLive(third));
  DescriptorKeep keep;
  SharedZoneState saved_again = SaveSharedZone(*again, keep);
  state.clear_fd();
  saved_again.clear_fd();
  EXPECT_EQ(saved_again.SerializeAsString(), state.SerializeAsString());
}

TEST_F(SharedZoneStateTest, IsSavedWithItsHeaderPutBackThatAWorkerDamaged) {
  void* const header = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zone_.fd(), 0);
  ASSERT_NE(header, MAP_FAILED);
  const SharedZoneState before = Save();
  std::memset(header, 0xab, 64);
  EXPECT_FALSE(Restore(before).ok());
  EXPECT_TRUE(Restore(Save()).ok());
  ::munmap(header, 4096);
}

TEST_F(SharedZoneStateTest, NamesTheFieldThatIsWrong) {
  zone_.Reserve().IgnoreError();
  const std::vector<std::pair<std::string, std::function<void(SharedZoneState&)>>> cases = {
      {"layout_version: the zone has version 99, this program has version ",
       [](SharedZoneState& s) { s.set_layout_version(99); }},
      {"abi_hash: the zone has 0x5, this program has 0x",
       [](SharedZoneState& s) { s.set_abi_hash(5); }},
      {"fd: descriptor 9999 was not passed on", [](SharedZoneState& s) { s.set_fd(9999); }},
      {"fd: attach shared zone: its instance is ",
       [](SharedZoneState& s) { s.set_instance_id(7); }},
      {"capacity: 5, but the zone has 4", [](SharedZoneState& s) { s.set_capacity(5); }},
      {"fd: attach shared zone: it has 4 slots, expected at least 5",
       [](SharedZoneState& s) {
         while (s.slot_size() < 5) *s.add_slot() = s.slot(0);
       }},
      {"slot[0]: field 77 is not known",
       [](SharedZoneState& s) {
         auto* const slot = s.mutable_slot(0);
         slot->GetReflection()->MutableUnknownFields(slot)->AddVarint(77, 1);
       }},
      {"slot[0].state: 0 is not one", [](SharedZoneState& s) { s.mutable_slot(0)->clear_state(); }},
      {"slot[0].generation: 262144 is more than 262143",
       [](SharedZoneState& s) { s.mutable_slot(0)->set_generation(262144); }},
  };
  for (const auto& [message, change] : cases) {
    SharedZoneState state = Save();
    change(state);
    EXPECT_THAT(std::string(Restore(state).status().message()), StartsWith(message));
  }
  EXPECT_TRUE(Restore(Save()).ok());
}

}  // namespace
}  // namespace muster::master
