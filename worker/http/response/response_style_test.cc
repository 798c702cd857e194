#include "muster/worker/http/response/response_style.h"

#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

absl::StatusOr<ResponseStyle> Make(const std::string& text, const ResponseStyle& outer = {}) {
  config::v1::Http http;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &http)) << text;
  return ResponseStyle::Create(http.header(), http.error_page(), outer, MimeTypes());
}

std::string ErrorOf(const std::string& text) { return std::string(Make(text).status().message()); }

std::string Error(const ResponseStyle& style, int status, bool has_body = true) {
  std::string out;
  const std::size_t bytes =
      style.AppendError(out, status, Persistence::kKeepAlive, "today", has_body, "X: y\r\n");
  EXPECT_EQ(out.size() - out.find("\r\n\r\n") - 4, bytes);
  return out;
}

TEST(ResponseStyle, HasNoFieldsAndShortPagesByItself) {
  const ResponseStyle style;
  EXPECT_EQ(style.FieldsFor(200), "");
  const std::string page = ErrorPage(404);
  EXPECT_EQ(Error(style, 404),
            absl::StrCat("HTTP/1.1 404 Not Found\r\nServer: muster\r\nDate: today\r\n"
                         "Content-Type: text/html; charset=utf-8\r\nContent-Length: ",
                         page.size(), "\r\nX: y\r\n\r\n", page));
}

TEST(ResponseStyle, AddsItsFieldsToErrorsOnlyIfTheyAreForAlways) {
  const auto style = Make("header { name: 'A' value: '1' } header { name: 'B' always: true }");
  ASSERT_TRUE(style.ok());
  EXPECT_EQ(style->FieldsFor(200), "A: 1\r\nB: \r\n");
  EXPECT_EQ(style->FieldsFor(304), "A: 1\r\nB: \r\n");
  EXPECT_EQ(style->FieldsFor(404), "B: \r\n");
  EXPECT_TRUE(absl::StrContains(Error(*style, 404), "\r\nX: y\r\nB: \r\n\r\n"));
}

TEST(ResponseStyle, MayHaveAFieldTwice) {
  const auto style = Make("header { name: 'a' value: '1' } header { name: 'a' value: '2' }");
  ASSERT_TRUE(style.ok());
  EXPECT_EQ(style->FieldsFor(200), "a: 1\r\na: 2\r\n");
}

TEST(ResponseStyle, ReplacesFieldsOfTheSameNameAndPagesOfTheSameStatus) {
  const auto outer = Make(
      "header { name: 'A' value: '1' } header { name: 'B' value: '1' }"
      "error_page { status: [403, 404] body: 'outer' }");
  ASSERT_TRUE(outer.ok());
  const auto inner =
      Make("header { name: 'a' value: '2' } error_page { status: 404 body: 'inner' }", *outer);
  ASSERT_TRUE(inner.ok());
  EXPECT_EQ(inner->FieldsFor(200), "a: 2\r\nB: 1\r\n");
  EXPECT_TRUE(absl::EndsWith(Error(*inner, 403), "\r\n\r\nouter"));
  EXPECT_TRUE(absl::EndsWith(Error(*inner, 404), "\r\n\r\ninner"));
}

TEST(ResponseStyle, KeepsTheStatusOfAnErrorWithAPage) {
  const auto style = Make("error_page { status: 404 body: 'gone' content_type: 'text/plain' }");
  ASSERT_TRUE(style.ok());
  EXPECT_EQ(
      Error(*style, 404),
      "HTTP/1.1 404 Not Found\r\nServer: muster\r\nDate: today\r\nContent-Type: text/plain\r\n"
      "Content-Length: 4\r\nX: y\r\n\r\ngone");
  EXPECT_TRUE(absl::EndsWith(Error(*style, 404, /*has_body=*/false), "Length: 4\r\nX: y\r\n\r\n"));
}

TEST(ResponseStyle, ReadsAPageFromAFile) {
  const std::string path = absl::StrCat(testing::TempDir(), "/page-", ::getpid(), ".txt");
  std::ofstream(path) << "from a file";
  const auto style = Make(absl::StrCat("error_page { status: 500 file: '", path, "' }"));
  ASSERT_TRUE(style.ok()) << style.status();
  EXPECT_EQ(style->PageFor(500).body, "from a file");
  EXPECT_EQ(style->PageFor(500).type, "text/plain; charset=utf-8");
  std::ofstream(path) << std::string(kMaxErrorPageBytes + 1, 'x');
  EXPECT_EQ(ErrorOf(absl::StrCat("error_page { status: 500 file: '", path, "' }")),
            absl::StrCat("error_page[0].file: ", path, ": has more than 65536 bytes"));
  ::unlink(path.c_str());
}

TEST(ResponseStyle, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(ErrorOf("header { name: 'a' } header { name: 'Date' value: 'x' }"),
            "header[1].name Date is set by the service itself");
  EXPECT_EQ(ErrorOf("header { name: 'a' value: 'b\\r\\nc: d' }"),
            "header[0].value has a control character, which a header cannot have");
  EXPECT_EQ(ErrorOf("error_page { status: 404 file: '/nonexistent' }"),
            "error_page[0].file: open /nonexistent: No such file or directory");
  EXPECT_EQ(ErrorOf("error_page { status: 404 body: 'x' content_type: 'a\\nb' }"),
            "error_page[0].content_type has a control character, which a header cannot have");
}

}  // namespace
}  // namespace muster::worker::http
