#include "muster/worker/http/location_router.h"

#include <algorithm>
#include <random>
#include <set>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(LocationRouter, FindsTheLongestPrefix) {
  const auto router = LocationRouter::Create({"/", "/images/", "/images/small/", "/img"});
  ASSERT_TRUE(router.ok());
  EXPECT_EQ(router->Find("/"), 0u);
  EXPECT_EQ(router->Find("/index.html"), 0u);
  EXPECT_EQ(router->Find("/images"), 0u);
  EXPECT_EQ(router->Find("/images/"), 1u);
  EXPECT_EQ(router->Find("/images/zebra.png"), 1u);
  EXPECT_EQ(router->Find("/images/small/a"), 2u);
  EXPECT_EQ(router->Find("/imgs"), 3u);
}

TEST(LocationRouter, FindsNoneWhenNoPrefixFits) {
  const auto router = LocationRouter::Create({"/b/", "/c"});
  ASSERT_TRUE(router.ok());
  EXPECT_EQ(router->Find("/"), std::nullopt);
  EXPECT_EQ(router->Find("/a"), std::nullopt);
  EXPECT_EQ(router->Find("/b"), std::nullopt);
  EXPECT_EQ(router->Find("/d"), std::nullopt);
}

TEST(LocationRouter, AgreesWithALookAtEveryPrefix) {
  std::mt19937 random(7);
  const auto path = [&random] {
    std::string text = "/";
    for (auto n = random() % 6; n > 0; --n) text += "ab/"[random() % 3];
    return text;
  };
  std::set<std::string> unique;
  for (int i = 0; i < 60; ++i) unique.insert(path());
  std::vector<std::string> prefixes(unique.begin(), unique.end());
  std::shuffle(prefixes.begin(), prefixes.end(), random);
  const auto router = LocationRouter::Create(prefixes);
  ASSERT_TRUE(router.ok());
  for (int i = 0; i < 2000; ++i) {
    const std::string sought = path();
    std::optional<std::size_t> longest;
    for (std::size_t j = 0; j < prefixes.size(); ++j) {
      if (absl::StartsWith(sought, prefixes[j]) &&
          (!longest.has_value() || prefixes[j].size() > prefixes[*longest].size())) {
        longest = j;
      }
    }
    EXPECT_EQ(router->Find(sought), longest) << sought;
  }
}

TEST(LocationRouter, RefusesAPrefixThatIsThereTwice) {
  EXPECT_EQ(LocationRouter::Create({"/", "/a", "/b", "/a"}).status().message(),
            "http.location[3].path /a: location[1] has it already");
}

TEST(LocationRouter, RefusesAPrefixWithoutASlash) {
  EXPECT_EQ(LocationRouter::Create({"/", "images"}).status().message(),
            "http.location[1].path \"images\": expected a path, as in /images/");
}

}  // namespace
}  // namespace muster::worker::http
