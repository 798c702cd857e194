#include "muster/proto/listener_name.h"

#include <string>

#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rule.pb.h"

namespace muster::config {
namespace {

TEST(ListenerName, HasLettersDigitsAndLittleElse) {
  EXPECT_TRUE(IsListenerName("public"));
  EXPECT_TRUE(IsListenerName("A-9_b.c"));
  for (const std::string name : {"", "a b", "a/b", "\xc3\xa9", "a\n"}) {
    EXPECT_FALSE(IsListenerName(name)) << name;
  }
}

TEST(ListenerName, IsBoundedAsByTheSchema) {
  const v1::FieldRule& rule =
      v1::Listen::descriptor()->FindFieldByName("name")->options().GetExtension(v1::rule);
  EXPECT_EQ(rule.max(), std::to_string(kMostListenerNameBytes));
  EXPECT_TRUE(IsListenerName(std::string(kMostListenerNameBytes, 'a')));
  EXPECT_FALSE(IsListenerName(std::string(kMostListenerNameBytes + 1, 'a')));
}

}  // namespace
}  // namespace muster::config
