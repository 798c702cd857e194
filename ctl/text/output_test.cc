#include "muster/ctl/text/output.h"

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

TEST(JsonString, EscapesWhatJsonHasNoCharacterFor) {
  EXPECT_EQ(JsonString("a \"b\"\n"), "\"a \\\"b\\\"\\n\"");
}

TEST(JsonString, ShowsBytesThatAreNoUtf8) { EXPECT_EQ(JsonString("caf\xe9"), "\"caf\\\\xe9\""); }

}  // namespace
}  // namespace muster::ctl
