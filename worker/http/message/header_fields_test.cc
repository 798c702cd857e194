#include "muster/worker/http/message/header_fields.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using ::testing::ElementsAre;

TEST(HeaderFields, AreFoundInAnyCase) {
  const HeaderFields fields("Host: a\r\nX-Token:  b c \r\n\r\nbody: no\r\n");
  EXPECT_EQ(fields.Get("host"), "a");
  EXPECT_EQ(fields.Get("X-TOKEN"), "b c");
  EXPECT_EQ(fields.Get("body"), std::nullopt) << "it is behind the head";
}

TEST(HeaderFields, MayBeEmpty) {
  EXPECT_EQ(HeaderFields("A:\r\n\r\n").Get("a"), "");
  EXPECT_EQ(HeaderFields("\r\n").Get("a"), std::nullopt);
  EXPECT_EQ(HeaderFields().Get("a"), std::nullopt);
}

TEST(HeaderFields, AreVisitedInTheirOrder) {
  std::vector<std::string> seen;
  HeaderFields("A: 1\r\nB: 2\r\nA: 3\r\n\r\n")
      .ForEach([&](absl::string_view name, absl::string_view value) {
        seen.push_back(absl::StrCat(name, "=", value));
      });
  EXPECT_THAT(seen, ElementsAre("A=1", "B=2", "A=3"));
}

}  // namespace
}  // namespace muster::worker::http
