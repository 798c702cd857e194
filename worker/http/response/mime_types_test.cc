#include "muster/worker/http/response/mime_types.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(MimeTypes, KnowCommonExtensions) {
  const MimeTypes types;
  EXPECT_EQ(types.Find("/index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(types.Find("/a.b/style.css"), "text/css; charset=utf-8");
  EXPECT_EQ(types.Find("picture.png"), "image/png");
}

TEST(MimeTypes, IgnoreTheCaseOfAnExtension) {
  EXPECT_EQ(MimeTypes().Find("/PHOTO.JPG"), "image/jpeg");
}

TEST(MimeTypes, TakeTheLastExtension) {
  EXPECT_EQ(MimeTypes().Find("/a.html.gz"), "application/gzip");
}

TEST(MimeTypes, AreOctetsWhenNothingIsKnown) {
  const MimeTypes types;
  for (const std::string& path :
       {std::string("/README"), std::string("/a.css/file"), std::string("/a."), std::string(""),
        std::string("/a.nosuchtype"), "/a." + std::string(100, 'x')}) {
    EXPECT_EQ(types.Find(path), "application/octet-stream") << path;
  }
}

TEST(MimeTypes, AreAddedAndReplaced) {
  MimeTypes types;
  ASSERT_TRUE(types.Set("Foo", "application/x-foo").ok());
  ASSERT_TRUE(types.Set("html", "text/html; charset=latin1").ok());
  EXPECT_EQ(types.Find("/a.foo"), "application/x-foo");
  EXPECT_EQ(types.Find("/a.html"), "text/html; charset=latin1");
}

TEST(MimeTypes, RefuseWhatIsNoType) {
  MimeTypes types;
  for (absl::string_view type : {"", "html", "/html", "text/", "text/html\r\nX: y"}) {
    EXPECT_EQ(types.Set("foo", type).code(), absl::StatusCode::kInvalidArgument) << type;
  }
  EXPECT_EQ(types.Set("foo", "html").message(),
            "type \"html\": expected type/subtype, as in image/webp");
}

TEST(MimeTypes, RefuseWhatIsNoExtension) {
  MimeTypes types;
  for (absl::string_view extension : {"", ".html", "a/b", "a\n"}) {
    EXPECT_EQ(types.Set(extension, "text/html").code(), absl::StatusCode::kInvalidArgument)
        << extension;
  }
}

}  // namespace
}  // namespace muster::worker::http
