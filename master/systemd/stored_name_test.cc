#include "muster/master/systemd/stored_name.h"

#include "gtest/gtest.h"

namespace muster::master {
namespace {

TEST(StoredName, OfAListenerHasTheNumberOfItsSocket) {
  const StoredName name = {.kind = StoredName::Kind::kListener, .id = 4711, .zone = ""};
  EXPECT_EQ(name.ToString(), "muster-listener-4711");
  EXPECT_EQ(StoredName::Parse("muster-listener-4711"), name);
}

TEST(StoredName, OfAZoneHasItsInstanceAndItsName) {
  const StoredName name = {.kind = StoredName::Kind::kZone, .id = 0xc0ffee, .zone = "a-zone.1"};
  EXPECT_EQ(name.ToString(), "muster-zone-0000000000c0ffee-a-zone.1");
  EXPECT_EQ(StoredName::Parse(name.ToString()), name);
}

TEST(StoredName, IsNotWhatOthersCallTheirDescriptors) {
  for (const char* text :
       {"", "unknown", "muster.socket", "muster-listener-", "muster-listener-x",
        "muster-listener--1", "muster-listener-+1", "muster-listener-01", "muster-listener-1 ",
        "muster-listener-99999999999999999999", "muster-zone-", "muster-zone-0000000000c0ffee",
        "muster-zone-0000000000c0ffee-", "muster-zone-0000000000c0ffeeXa",
        "muster-zone-0000000000C0FFEE-a", "muster-zone-0x00000000c0ffee-a"}) {
    EXPECT_EQ(StoredName::Parse(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace muster::master
