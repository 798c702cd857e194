#include "muster/worker/http/responder.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker::http {
namespace {

// One worker with 42 connections, which has answered 7 requests.
const SharedZone& Zone() {
  static const SharedZone* const zone = [] {
    auto* made = new SharedZone(*SharedZone::Create(4));
    const ipc::OwnerTag tag = *made->Reserve(0);
    made->registry().SetProcess(tag, 4711);
    made->worker_status(0).phase.Set(static_cast<std::int64_t>(WorkerPhase::kServing));
    made->stats(0).active.Set(42);
    made->stats(0).requests.Add(7);
    return made;
  }();
  return *zone;
}

absl::StatusOr<Responder> Make(const std::string& text) {
  config::v1::Http http;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &http)) << text;
  // As the master fills it in.
  for (config::v1::Location& location : *http.mutable_location()) {
    if (!location.has_return_()) continue;
    config::v1::Return& response = *location.mutable_return_();
    if (!response.has_status()) response.set_status(200);
    if (!response.has_content_type()) response.set_content_type("text/plain");
  }
  return Responder::Create(http, Zone());
}

std::string ErrorOf(const std::string& text) { return std::string(Make(text).status().message()); }

// What `responder` answers; ends in "[closed]" if it closes then.
std::string Ask(Responder& responder, absl::string_view line) {
  const std::string bytes = absl::StrCat(line, " HTTP/1.1\r\nHost: a\r\n\r\n");
  RequestParser parser;
  parser.Reset();
  EXPECT_EQ(parser.Parse(bytes, {}), RequestParser::Outcome::kComplete) << line;
  DateCache date;
  date.Update(loop::TimePoint());
  std::string out;
  Persistence persistence = Persistence::kKeepAlive;
  const Answer answer = responder.Respond(parser.head(), persistence, date, out);
  EXPECT_TRUE(absl::StartsWith(out, absl::StrCat("HTTP/1.1 ", answer.status, " ")));
  EXPECT_EQ(persistence == Persistence::kClose, absl::StrContains(out, "\r\nConnection: close"));
  return out + (persistence == Persistence::kClose ? "[closed]" : "");
}

TEST(Responder, AnswersByTheLongestPrefix) {
  auto responder = Make(R"pb(
    location {
      path: "/"
      return { body: "root" }
    }
    location {
      path: "/a/"
      return { body: "a" }
    }
    location {
      path: "/a/b"
      return { body: "b" }
    }
  )pb");
  ASSERT_TRUE(responder.ok());
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "GET /"), "\r\n\r\nroot"));
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "GET /a"), "\r\n\r\nroot"));
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "GET /a/?b"), "\r\n\r\na"));
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "GET /x/../a/%62"), "\r\n\r\nb"));
}

TEST(Responder, DoesNotFindAPathWithoutLocation) {
  auto responder = Make(R"pb(location {
                               path: "/a"
                               return {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  EXPECT_TRUE(absl::StartsWith(Ask(*responder, "GET /b"), "HTTP/1.1 404 Not Found\r\n"));
}

TEST(Responder, ReturnsWhatIsConfigured) {
  auto responder = Make(R"pb(location {
                               path: "/"
                               return { status: 203 body: "{}" content_type: "application/json" }
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "GET /");
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 203 "));
  EXPECT_TRUE(absl::EndsWith(response,
                             "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
}

TEST(Responder, ReturnsTheSameToAnyMethod) {
  auto responder = Make(R"pb(location {
                               path: "/"
                               return { body: "x" }
                             })pb");
  ASSERT_TRUE(responder.ok());
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "DELETE /"), "\r\n\r\nx"));
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "HEAD /"), "\r\nContent-Length: 1\r\n\r\n"));
}

TEST(Responder, RedirectsWithAPage) {
  auto responder = Make(R"pb(location {
                               path: "/"
                               return { status: 302 location: "https://b/" }
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "GET /");
  EXPECT_TRUE(absl::StrContains(response, "\r\nLocation: https://b/\r\n"));
  EXPECT_TRUE(absl::StrContains(response, "<h1>302 Found</h1>"));
}

TEST(Responder, ReturnsNoContentWithoutLength) {
  auto responder = Make(R"pb(location {
                               path: "/"
                               return { status: 204 }
                             })pb");
  ASSERT_TRUE(responder.ok());
  EXPECT_FALSE(absl::StrContains(Ask(*responder, "GET /"), "Content-"));
}

TEST(Responder, ReturnsResetContentWithLengthZero) {
  auto responder = Make(R"pb(location {
                               path: "/"
                               return { status: 205 }
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "GET /");
  EXPECT_TRUE(absl::StrContains(response, "\r\nContent-Length: 0\r\n"));
  EXPECT_FALSE(absl::StrContains(response, "Content-Type"));
}

TEST(Responder, ShowsTheCountersOfAllWorkers) {
  auto responder = Make(R"pb(location {
                               path: "/s"
                               stub_status {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "GET /s");
  EXPECT_TRUE(absl::StrContains(response, "\r\nContent-Type: text/plain\r\n"));
  EXPECT_TRUE(absl::StrContains(response, "\r\n\r\nActive connections: 42 \n"));
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "HEAD /s"), "\r\n\r\n"));
}

TEST(Responder, TellsMetrics) {
  auto responder = Make(R"pb(location {
                               path: "/m"
                               metrics {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "GET /m");
  EXPECT_TRUE(absl::StrContains(response, "\r\nContent-Type: text/plain; version=0.0.4"));
  EXPECT_TRUE(absl::StrContains(response, "\nmuster_http_requests_total{slot=\"0\"} 7\n"));
  EXPECT_TRUE(absl::StrContains(response, "\nmuster_workers{state=\"serving\"} 1\n"));
}

TEST(Responder, TellsTheStatusAsJson) {
  auto responder = Make(R"pb(location {
                               path: "/s"
                               status_json {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "GET /s");
  EXPECT_TRUE(absl::StrContains(response, "\r\nContent-Type: application/json\r\n"));
  EXPECT_TRUE(absl::StrContains(response, "\r\nCache-Control: no-store\r\n"));
  EXPECT_TRUE(absl::StrContains(response, "\"pid\": 4711"));
}

TEST(Responder, SendsAPageThatReadsTheStatus) {
  auto responder = Make(R"pb(location {
                               path: "/s"
                               status_page { json: "/j" }
                               header { name: "X-A" value: "b" }
                             }
                             location {
                               path: "/j"
                               status_json {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "GET /s");
  EXPECT_TRUE(absl::StrContains(response, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_TRUE(absl::StrContains(response, "\r\nContent-Security-Policy: default-src 'none'; "));
  EXPECT_TRUE(absl::StrContains(response, "\r\nX-A: b\r\n"));
  EXPECT_TRUE(absl::StrContains(response, " data-json=\"/j\""));
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "HEAD /s"), "\r\nX-A: b\r\n\r\n"));
  EXPECT_TRUE(absl::StartsWith(Ask(*responder, "POST /s"), "HTTP/1.1 405 "));
}

TEST(Responder, RefusesAPageThatCannotReadTheStatus) {
  EXPECT_EQ(ErrorOf("location { path: '/s' status_page { json: '/j' } }"
                    "location { path: '/j' return {} }"),
            "http.location[0].status_page.json: \"/j\" is not the path of a location with "
            "status_json; add location { path: \"/status.json\" status_json {} }");
}

TEST(Responder, ClosesAfterAMalformedTarget) {
  auto responder = Make(R"pb(location {
                               path: "/"
                               return {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  for (absl::string_view line : {"GET /..", "GET /%00", "GET /%x", "GET *", "GET /a#b"}) {
    const std::string response = Ask(*responder, line);
    EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 400 ")) << line;
    EXPECT_TRUE(absl::EndsWith(response, "[closed]")) << line;
  }
}

TEST(Responder, AllowsNoTunnel) {
  auto responder = Make(R"pb(location {
                               path: "/"
                               return {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "CONNECT a:443");
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 405 "));
  EXPECT_TRUE(absl::EndsWith(response, "[closed]"));
}

TEST(Responder, AnswersOptionsOfTheServer) {
  auto responder = Make(R"pb(location {
                               path: "/"
                               return {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  const std::string response = Ask(*responder, "OPTIONS *");
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 204 "));
  EXPECT_TRUE(absl::EndsWith(response, "\r\nAllow: GET, HEAD, OPTIONS\r\n\r\n"));
}

TEST(Responder, LetsTheCountersBeReadOnly) {
  auto responder = Make(R"pb(location {
                               path: "/s"
                               stub_status {}
                             })pb");
  ASSERT_TRUE(responder.ok());
  for (const char* line : {"POST /s", "TRACE /s", "DELETE /s"}) {
    const std::string response = Ask(*responder, line);
    EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 405 ")) << line;
    EXPECT_TRUE(absl::StrContains(response, "\r\nAllow: GET, HEAD, OPTIONS\r\n")) << line;
  }
  EXPECT_TRUE(absl::StartsWith(Ask(*responder, "OPTIONS /s"), "HTTP/1.1 204 "));
}

TEST(Responder, AddsTheFieldsOfHttpAndOfTheLocation) {
  auto responder = Make(R"pb(
    header { name: "A" value: "http" }
    header { name: "B" value: "http" always: true }
    location {
      path: "/r"
      return { body: "x" }
      header { name: "a" value: "location" }
    }
    location {
      path: "/e"
      return { status: 410 }
      error_page { status: 410 body: "gone" content_type: "text/plain" }
    }
    location {
      path: "/s"
      stub_status {}
    }
  )pb");
  ASSERT_TRUE(responder.ok()) << responder.status();
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "GET /r"), "\r\na: location\r\nB: http\r\n\r\nx"));
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "GET /e"),
                             "\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nB: http"
                             "\r\n\r\ngone"));
  EXPECT_TRUE(absl::StrContains(Ask(*responder, "GET /s"), "\r\nA: http\r\nB: http\r\n\r\n"));
  const std::string none = Ask(*responder, "GET /none");
  EXPECT_TRUE(absl::StrContains(none, "\r\nB: http\r\n"));
  EXPECT_FALSE(absl::StrContains(none, "\r\nA: http\r\n"));
}

TEST(Responder, HasThePagesOfHttpForWhatNoLocationAnswers) {
  auto responder = Make(R"pb(error_page { status: 404 body: "nothing" }
                             error_page { status: 400 body: "bad" }
                             location {
                               path: "/a"
                               stub_status {}
                             })pb");
  ASSERT_TRUE(responder.ok()) << responder.status();
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "GET /b"), "\r\n\r\nnothing"));
  EXPECT_TRUE(absl::EndsWith(Ask(*responder, "GET /.."), "\r\n\r\nbad[closed]"));
}

TEST(Responder, NamesTheFieldThatIsWrong) {
  const std::string ok = R"pb(location {
                                path: "/ok"
                                return {}
                              })pb";
  EXPECT_EQ(ErrorOf(ok + R"pb(location { path: "/a" root: "/nonexistent" })pb"),
            "http.location[1].root /nonexistent: No such file or directory");
  EXPECT_EQ(ErrorOf(ok + R"pb(location { path: "/a" root: "/dev/null" })pb"),
            "http.location[1].root /dev/null: not a directory");
  EXPECT_EQ(ErrorOf(ok + R"pb(location { path: "/a" root: "/" index: "x" index: "a/b" })pb"),
            "http.location[1].index \"a/b\": expected the name of a file, as in index.html");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return {}
                                index: "x"
                              })pb"),
            "http.location[1].index: only a location with root has one");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return {}
                                precompressed: GZIP
                              })pb"),
            "http.location[1].precompressed: only a location with root has that");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return {}
                                listing: true
                              })pb"),
            "http.location[1].listing: only a location with root has one");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return { status: 304 body: "x" }
                              })pb"),
            "http.location[1].return.body: a response of status 304 has none");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return { status: 205 body: "x" }
                              })pb"),
            "http.location[1].return.body: a response of status 205 has none");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return { status: 199 }
                              })pb"),
            "http.location[1].return.status 199: expected 200 to 599");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return { location: "/b" }
                              })pb"),
            "http.location[1].return.location: a response of status 200 has none; expected status "
            "301, 302, 303, 307 or 308");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return { status: 301 location: "/\r\nX: y" }
                              })pb"),
            "http.location[1].return.location: has a control character");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return { content_type: "a\nb" }
                              })pb"),
            "http.location[1].return.content_type: has a control character");
  EXPECT_EQ(
      ErrorOf(ok + R"pb(location { path: "/a" })pb"),
      "http.location[1].path /a: expected one of root, return, stub_status, metrics, status_json, "
      "status_page");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/ok"
                                return {}
                              })pb"),
            "http.location[1].path /ok: location[0] has it already");
  EXPECT_EQ(ErrorOf(ok + R"pb(header { name: "Date" })pb"),
            "http.header[0].name Date is set by the service itself");
  EXPECT_EQ(ErrorOf(ok + R"pb(location {
                                path: "/a"
                                return {}
                                error_page { status: 404 file: "/nonexistent" }
                              })pb"),
            "http.location[1].error_page[0].file: open /nonexistent: No such file or directory");
  EXPECT_EQ(ErrorOf(ok + R"pb(mime_type { extension: "x" type: "y" })pb"),
            "http.mime_type[0]: type \"y\": expected type/subtype, as in image/webp");
}

}  // namespace
}  // namespace muster::worker::http
