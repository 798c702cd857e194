#include "muster/config/syntax/config_format.h"

#include "gtest/gtest.h"

namespace muster::config {
namespace {

TEST(ConfigFormat, IsJsonIfTheNameSaysSo) {
  EXPECT_EQ(FormatOf("/srv/muster.json"), ConfigFormat::kJson);
}

TEST(ConfigFormat, IsTextFormatOtherwise) {
  EXPECT_EQ(FormatOf("/srv/muster.textproto"), ConfigFormat::kText);
  EXPECT_EQ(FormatOf("/srv/json"), ConfigFormat::kText);
  EXPECT_EQ(FormatOf("/srv/muster.json.bak"), ConfigFormat::kText);
}

}  // namespace
}  // namespace muster::config
