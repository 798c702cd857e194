#include "muster/master/deployment/user_zones.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

config::v1::Config Config(const std::string& text) {
  config::v1::Config config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

worker::UserZones Make(const std::string& text, const worker::UserZones& current = {}) {
  const auto zones = MakeZones(Config(text), current);
  EXPECT_TRUE(zones.ok()) << zones.status();
  return *zones;
}

TEST(UserZones, AreMadeAsTheConfigurationSays) {
  const auto zones = Make("zone { name: 'a' size_bytes: 100 } zone { name: 'b' size_bytes: 8192 }");
  ASSERT_EQ(zones.size(), 2u);
  EXPECT_EQ(zones[0]->name(), "a");
  EXPECT_EQ(zones[0]->size_bytes(), 100u);
  EXPECT_EQ(zones[1]->size_bytes(), 8192u);
}

TEST(UserZones, AreKeptWhileNameAndSizeStay) {
  const auto before = Make("zone { name: 'a' size_bytes: 100 }");
  const auto after =
      Make("zone { name: 'b' size_bytes: 100 } zone { name: 'a' size_bytes: 100 }", before);
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[1], before[0]);
  EXPECT_NE(after[0]->instance_id(), before[0]->instance_id());
}

TEST(UserZones, DoNotChangeTheirSize) {
  const auto before = Make("zone { name: 'a' size_bytes: 100 }");
  const auto after = MakeZones(Config("zone { name: 'a' size_bytes: 200 }"), before);
  EXPECT_TRUE(absl::IsFailedPrecondition(after.status()));
  EXPECT_THAT(std::string(after.status().message()),
              HasSubstr("zone \"a\": has 100 bytes, which a reload cannot change to 200"));
}

TEST(UserZones, AreNotMadeWhenThereIsNoMemoryForThem) {
  const auto zones = MakeZones(Config("zone { name: 'a' size_bytes: 1099511627776 }"), {});
  EXPECT_THAT(std::string(zones.status().message()),
              HasSubstr("zone \"a\": 1099511627776 bytes are more than half of this machine"));
}

}  // namespace
}  // namespace muster::master
