// What a configuration may ask of a site beyond its files, with the real binaries.

#include <sys/stat.h>

#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// One worker, so that one cache and one log buffer see all requests.
std::string Config(const std::string& http) {
  return absl::StrCat(R"(
worker_processes: 1
listen { address: "127.0.0.1:0" }
admin { listen: "unix:admin.sock" }
pid_file: "muster.pid"
http {
)",
                      http, "}\n");
}

std::optional<HttpResponse> Fetch(RunningMaster& muster, const std::string& path,
                                  const std::string& fields) {
  HttpClient client(muster.address());
  client.Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: a\r\n", fields, "\r\n"));
  return client.Receive();
}

TEST(Site, HasFieldsAndErrorPagesOfItsOwn) {
  RunningMaster muster(Config(R"(
  header { name: "X-Content-Type-Options" value: "nosniff" always: true }
  error_page { status: 404 file: "lost.html" }
  location { path: "/" root: "site" header { name: "Cache-Control" value: "max-age=60" } }
)"));
  WriteFile(muster.path("lost.html"), "<p>lost</p>");
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const auto found = FetchOnce(muster.address(), "/");
  const auto lost = FetchOnce(muster.address(), "/nothing");

  ASSERT_TRUE(found.has_value() && lost.has_value());
  EXPECT_EQ(found->headers.at("cache-control"), "max-age=60");
  EXPECT_EQ(found->headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(lost->status, 404);
  EXPECT_EQ(lost->body, "<p>lost</p>");
  EXPECT_EQ(lost->headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(lost->headers.count("cache-control"), 0u);
}

TEST(Site, ListsFoldersAndServesEncodedFiles) {
  RunningMaster muster(
      Config(R"(location { path: "/" root: "site" listing: true precompressed: GZIP })"));
  ASSERT_EQ(::mkdir(muster.path("site/files").c_str(), 0755), 0);
  WriteFile(muster.path("site/files/a&b.txt"), "plain");
  WriteFile(muster.path("site/files/a&b.txt.gz"), "encoded");
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const auto list = FetchOnce(muster.address(), "/files/");
  const auto plain = FetchOnce(muster.address(), "/files/a&b.txt");
  const auto encoded = Fetch(muster, "/files/a&b.txt", "Accept-Encoding: gzip, br\r\n");

  ASSERT_TRUE(list.has_value() && plain.has_value() && encoded.has_value());
  EXPECT_THAT(list->body, HasSubstr("<a href=\"./a&amp;b.txt\">a&amp;b.txt</a>"));
  EXPECT_EQ(plain->body, "plain");
  EXPECT_EQ(encoded->body, "encoded");
  EXPECT_EQ(encoded->headers.at("content-encoding"), "gzip");
  EXPECT_EQ(encoded->headers.at("vary"), "Accept-Encoding");
  EXPECT_NE(encoded->headers.at("etag"), plain->headers.at("etag"));
}

TEST(Site, ShowsAChangedFileAtOnceAfterAReload) {
  RunningMaster muster(Config(R"(
  open_file_cache { trusted_for { seconds: 3600 } }
  location { path: "/" root: "site" }
)"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const auto before = FetchOnce(muster.address(), "/index.html");
  ASSERT_TRUE(before.has_value());
  WriteFile(muster.path("site/index.html"), "changed");
  EXPECT_EQ(FetchOnce(muster.address(), "/index.html")->body, before->body);

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);

  EXPECT_EQ(FetchOnce(muster.address(), "/index.html")->body, "changed");
}

TEST(Site, ServesAFileThatIsChangedAllTheTimeWholeOrNotAtAll) {
  RunningMaster muster(Config(R"(
  open_file_cache { trusted_for { nanos: 1 } }
  location { path: "/" root: "site" }
)"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  for (int i = 1; i <= 200; ++i) {
    // By rename, as who deploys does.
    WriteFile(muster.path("site/new"), std::string(static_cast<std::size_t>(i * 400), 'x'));
    ASSERT_EQ(std::rename(muster.path("site/new").c_str(), muster.path("site/page").c_str()), 0);
    const auto response = FetchOnce(muster.address(), "/page");
    ASSERT_TRUE(response.has_value());
    ASSERT_EQ(response->body.size(), static_cast<std::size_t>(i * 400));
  }
}

constexpr char kSlowLog[] = R"(
  location { path: "/" root: "site" }
  access_log { path: "access.log" format: "$status $request_uri" flush_interval { seconds: 3600 } }
)";

// Fetches /?0 to /?99, and returns what the log has to have.
std::string FetchHundred(RunningMaster& muster) {
  HttpClient client(muster.address());
  std::string lines;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(client.Get(absl::StrCat("/?", i)).has_value());
    absl::StrAppend(&lines, "200 /?", i, "\n");
  }
  return lines;
}

TEST(Site, LosesNoLineOfItsLogInAReload) {
  RunningMaster muster(Config(kSlowLog));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string lines = FetchHundred(muster);
  EXPECT_EQ(ReadFile(muster.path("access.log")), "");

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  muster.master().Wait();

  EXPECT_EQ(ReadFile(muster.path("access.log")), lines);
}

TEST(Site, LosesNoLineOfItsLogWhenItIsTerminated) {
  RunningMaster muster(Config(kSlowLog));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string lines = FetchHundred(muster);

  ASSERT_EQ(muster.Ctl({"stop"}).exit, 0);
  muster.master().Wait();

  EXPECT_EQ(ReadFile(muster.path("access.log")), lines);
}

TEST(Site, LogsInJson) {
  RunningMaster muster(Config(R"(
  location { path: "/" root: "site" }
  access_log { path: "access.log" format: "json" }
)"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_TRUE(Fetch(muster, "/", "User-Agent: \"x\"\\\r\n").has_value());
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  muster.master().Wait();

  EXPECT_THAT(ReadFile(muster.path("access.log")),
              AllOf(StartsWith("{\"time\":\""),
                    HasSubstr("\"remote_addr\":\"127.0.0.1\",\"host\":\"a\","
                              "\"request\":\"GET / HTTP/1.1\",\"status\":200,"),
                    HasSubstr("\"user_agent\":\"\\u0022x\\u0022\\u005C\"}\n")));
}

TEST(Site, IsRefusedWithWhatItCannotHave) {
  RunningMaster muster(Config(R"(  header { name: "Content-Length" value: "1" }
  error_page { status: 404 file: "none.html" }
  location { path: "/" root: "site" }
  access_log { path: "access.log" format: "$status $nonsense" }
)"));

  const Finished test = muster.Master({"-t", "-c", muster.path("muster.textproto")});

  EXPECT_EQ(test.exit, 1);
  EXPECT_THAT(
      test.output + test.errors,
      AllOf(HasSubstr("muster.textproto:7:18: http.header[0].name: Content-Length is set by "),
            HasSubstr("muster.textproto:8:34: http.error_page[0].file: \""),
            HasSubstr("muster.textproto:10:43: http.access_log.format: has $nonsense, which")));
}

}  // namespace
}  // namespace muster::tests
