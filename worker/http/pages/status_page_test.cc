#include "muster/worker/http/pages/status_page.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <regex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Every text between `begin` and `end`.
std::vector<std::string> Between(const std::string& text, const std::string& begin,
                                 const std::string& end) {
  std::vector<std::string> found;
  for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at)) {
    at += begin.size();
    found.push_back(text.substr(at, text.find(end, at) - at));
  }
  return found;
}

std::string Sha256InBase64(const std::string& text) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  unsigned char base64[4 * ((sizeof(hash) + 2) / 3) + 1];
  const int bytes = EVP_EncodeBlock(base64, hash, sizeof(hash));
  return std::string(reinterpret_cast<char*>(base64), static_cast<std::size_t>(bytes));
}

TEST(StatusPage, IsAllowedItsOwnScriptAndStyleOnly) {
  const StatusPage page = MakeStatusPage("/status.json");
  const std::vector<std::string> scripts = Between(page.html, "<script>", "</script>");
  const std::vector<std::string> styles = Between(page.html, "<style>", "</style>");
  ASSERT_THAT(scripts, SizeIs(1));
  ASSERT_THAT(styles, SizeIs(1));
  EXPECT_THAT(Between(page.fields, "Content-Security-Policy: ", "\r\n"),
              ElementsAre(absl::StrCat(
                  "default-src 'none'; script-src 'sha256-", Sha256InBase64(scripts[0]),
                  "'; style-src 'sha256-", Sha256InBase64(styles[0]),
                  "'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'none'; require-trusted-types-for 'script'; "
                  "trusted-types 'none'")));
}

TEST(StatusPage, NeedsNothingFromElsewhere) {
  const std::string html = MakeStatusPage("/status.json").html;
  // The name of SVG's elements, which nobody asks for.
  const std::string rest =
      std::regex_replace(html, std::regex("http://www\\.w3\\.org/2000/svg"), "");
  EXPECT_THAT(rest, Not(HasSubstr("://")));
  EXPECT_THAT(rest, Not(HasSubstr("url(")));
  EXPECT_THAT(rest, Not(HasSubstr("@import")));
  EXPECT_THAT(Between(rest, " src=", ">"), IsEmpty());
  for (const std::string& target : Between(rest, " href=\"", "\"")) {
    EXPECT_TRUE(absl::StartsWith(target, "data:") || absl::StartsWith(target, "#")) << target;
  }
}

// The policy would refuse them.
TEST(StatusPage, HasNoHandlersAndStylesInAttributes) {
  const std::string html = MakeStatusPage("/status.json").html;
  const std::string markup = html.substr(0, html.find("<script>"));
  EXPECT_FALSE(std::regex_search(markup, std::regex("<[^>]* (on[a-z]+|style)=")));
}

TEST(StatusPage, TellsItsScriptWhatToRead) {
  EXPECT_THAT(MakeStatusPage("/a/b.json").html, HasSubstr(" data-json=\"/a/b.json\""));
}

TEST(StatusPage, IsNotBrokenByAPath) {
  EXPECT_THAT(MakeStatusPage("/\"><script>'&").html,
              HasSubstr(" data-json=\"/&quot;&gt;&lt;script&gt;&#39;&amp;\""));
}

TEST(StatusPage, HasATagForEachText) {
  const StatusPage page = MakeStatusPage("/a");
  EXPECT_TRUE(std::regex_match(page.entity_tag, std::regex("\"[0-9a-f]{16}\""))) << page.entity_tag;
  EXPECT_EQ(MakeStatusPage("/a").entity_tag, page.entity_tag);
  EXPECT_NE(MakeStatusPage("/b").entity_tag, page.entity_tag);
}

// docs/HTTP.md bounds what a client that does not read can make a worker hold.
TEST(StatusPage, IsNotLongerThanOtherResponsesInMemory) {
  EXPECT_LE(MakeStatusPage("/status.json").html.size(), 64 * 1024u);
}

}  // namespace
}  // namespace muster::worker::http
