#include "muster/master/config/config_text.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/config/config_file.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

// A worker program whose service is configured by a muster.config.v1.Listen.
worker::v1::Description Listens() {
  worker::v1::Description description;
  description.add_service_type("muster.config.v1.Listen");
  return description;
}

CheckedConfig Read(const std::string& text, ConfigFormat format = ConfigFormat::kText) {
  const auto checked =
      ReadCheckedText("m", text, format, "/tmp", [](const std::string&) { return Listens(); });
  EXPECT_TRUE(checked.ok()) << checked.status();
  return checked.ok() ? *checked : CheckedConfig();
}

constexpr char kText[] = R"(
listen { address: "unix:a" }
service { [type.googleapis.com/muster.config.v1.Listen] { address: "\302\265" } }
)";

TEST(ConfigText, HasTheDefaultsAndAbsolutePaths) {
  const std::string text = Read(kText).identity.text;
  EXPECT_THAT(text, HasSubstr("  address: \"unix:/tmp/a\"\n  backlog: 511\n"));
  EXPECT_THAT(text, HasSubstr("worker_connections: 4096\n"));
}

TEST(ConfigText, HasTheFieldsOfTheService) {
  EXPECT_THAT(Read(kText).identity.text,
              HasSubstr("[type.googleapis.com/muster.config.v1.Listen] {\n    address: \"µ\"\n    "
                        "backlog: 511\n  }\n"));
}

TEST(ConfigText, IsTheSameConfigurationWhenItIsReadAgain) {
  const CheckedConfig first = Read(kText);
  const CheckedConfig again = Read(first.identity.text);
  EXPECT_EQ(again.identity.text, first.identity.text);
  EXPECT_EQ(again.config.SerializeAsString(), first.config.SerializeAsString());
}

TEST(ConfigText, DoesNotDependOnHowTheConfigurationIsWritten) {
  const std::string json = R"({"service": {"@type": "type.googleapis.com/muster.config.v1.Listen",
    "address": "µ"}, "listen": [{"address": "unix:./a", "backlog": 511}]})";
  EXPECT_EQ(Read(json, ConfigFormat::kJson).identity.text, Read(kText).identity.text);
  EXPECT_EQ(Read(json, ConfigFormat::kJson).identity.hash, Read(kText).identity.hash);
  EXPECT_NE(Read(json, ConfigFormat::kJson).identity.source_hash, Read(kText).identity.source_hash);
}

}  // namespace
}  // namespace muster::master
