#include "muster/proto/status_source.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "muster/proto/field_error.h"

namespace muster::config {
namespace {

// Of the page in the first location: the path, or "FIELD: PROBLEM".
std::string SourceOf(const std::string& text) {
  v1::Http http;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &http)) << text;
  const auto source = StatusSourceOf(http.location(0).status_page(), http);
  if (source.ok()) return *source;
  return absl::StrCat(FieldOf(source.status()), ": ", source.status().message());
}

TEST(StatusSource, IsTheOnlyOneUnlessItIsNamed) {
  EXPECT_EQ(SourceOf("location { path: '/s' status_page {} }"
                     "location { path: '/j' status_json {} } location { path: '/m' metrics {} }"),
            "/j");
}

TEST(StatusSource, IsTheOneThatIsNamed) {
  EXPECT_EQ(
      SourceOf("location { path: '/s' status_page { json: '/k' } }"
               "location { path: '/j' status_json {} } location { path: '/k' status_json {} }"),
      "/k");
}

TEST(StatusSource, MustBeNamedAmongSeveral) {
  EXPECT_EQ(
      SourceOf("location { path: '/s' status_page {} }"
               "location { path: '/j' status_json {} } location { path: '/k' status_json {} }"),
      "status_page: could read several locations with status_json; name one, json: \"/j\"");
}

TEST(StatusSource, MustExist) {
  EXPECT_EQ(SourceOf("location { path: '/s' status_page {} }"),
            "status_page: has no location with status_json to read; add location { path: "
            "\"/status.json\" status_json {} }");
  EXPECT_EQ(SourceOf("location { path: '/s' status_page { json: '/j' } }"),
            "status_page.json: \"/j\" is not the path of a location with status_json; add location "
            "{ path: \"/j\" status_json {} }");
}

TEST(StatusSource, IsNoLocationOfAnotherKind) {
  EXPECT_EQ(SourceOf("location { path: '/s' status_page { json: '/m' } }"
                     "location { path: '/m' metrics {} }"),
            "status_page.json: \"/m\" is not the path of a location with status_json; add location "
            "{ path: \"/status.json\" status_json {} }");
  EXPECT_EQ(
      SourceOf("location { path: '/s' status_page { json: '/m' } }"
               "location { path: '/m' metrics {} } location { path: '/j' status_json {} }"),
      "status_page.json: \"/m\" is not the path of a location with status_json; write \"/j\"");
}

}  // namespace
}  // namespace muster::config
