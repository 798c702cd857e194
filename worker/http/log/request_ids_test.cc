#include "muster/worker/http/log/request_ids.h"

#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {
namespace {

bool IsMade(const std::string& id) {
  bool is_hex = id.size() == 32;
  for (const char c : id) is_hex &= absl::ascii_isxdigit(c) && !absl::ascii_isupper(c);
  return is_hex;
}

class RequestIdsTest : public testing::Test {
 protected:
  std::string IdWith(const std::string& fields) {
    const std::string bytes = absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\n", fields, "\r\n");
    RequestParser parser;
    parser.Reset();
    EXPECT_EQ(parser.Parse(bytes, {}), RequestParser::Outcome::kComplete);
    return ids_.IdOf(parser.head());
  }

  RequestIds ids_;
};

TEST_F(RequestIdsTest, AreTakenFromTheClient) {
  EXPECT_EQ(IdWith("X-Request-ID: abc-123\r\n"), "abc-123");
  EXPECT_EQ(IdWith("x-request-id:  \"!~\\,; \r\n"), "\"!~\\,;");
  const std::string longest(RequestIds::kMostBytes, 'x');
  EXPECT_EQ(IdWith(absl::StrCat("X-Request-ID: ", longest, "\r\n")), longest);
}

TEST_F(RequestIdsTest, AreMadeIfTheClientHasNoneThatIsWellFormed) {
  EXPECT_TRUE(IsMade(IdWith("")));
  EXPECT_TRUE(IsMade(IdWith("X-Request-ID:\r\n")));
  EXPECT_TRUE(IsMade(IdWith("X-Request-ID: a b\r\n")));
  EXPECT_TRUE(IsMade(IdWith("X-Request-ID: a\tb\r\n")));
  EXPECT_TRUE(IsMade(IdWith("X-Request-ID: \xc3\xa4\r\n")));
  EXPECT_TRUE(IsMade(IdWith(absl::StrCat("X-Request-ID: ", std::string(129, 'x'), "\r\n"))));
  EXPECT_TRUE(IsMade(IdWith("X-Request-ID: a\r\nX-Request-ID: b\r\n"))) << "which one?";
}

TEST_F(RequestIdsTest, AreNotMadeTwice) {
  std::set<std::string> made;
  for (int i = 0; i < 10'000; ++i) made.insert(ids_.Make());
  EXPECT_EQ(made.size(), 10'000u);
  EXPECT_NE(RequestIds().Make(), RequestIds().Make());
}

TEST_F(RequestIdsTest, AreInTheHeadOfTheResponse) {
  std::string out = "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 Not Found\r\nDate: x\r\n\r\n";
  InsertRequestId(out, out.find("HTTP", 1), "abc");
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 Not Found\r\nX-Request-ID: abc\r\nDate: "
            "x\r\n\r\n");
}

TEST_F(RequestIdsTest, TakeThePlaceOfOthersInTheHeadOfTheResponse) {
  for (const std::string fields :
       {"x-request-id: a\r\n", "X-Request-ID:\r\nB: c\r\nX-REQUEST-ID: d\r\n",
        "B: c\r\nX-Request-ID: a\r\n"}) {
    const std::string other = "X-Request-ID2: x\r\nX-Request: y\r\n";
    std::string out =
        absl::StrCat("HTTP/1.1 200 OK\r\n", fields, other, "\r\nX-Request-ID: body\r\n");
    InsertRequestId(out, 0, "abc");
    EXPECT_EQ(out, absl::StrCat("HTTP/1.1 200 OK\r\nX-Request-ID: abc\r\n",
                                absl::StrContains(fields, "B: c") ? "B: c\r\n" : "", other,
                                "\r\nX-Request-ID: body\r\n"));
  }
}

}  // namespace
}  // namespace muster::worker::http
