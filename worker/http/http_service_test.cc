// The service as a worker sees it, and what it leaves in logs and counters.

#include "muster/worker/http/http_service.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/proto/field_error.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

// Would serve connections that it has taken over, and has a log of its own that cannot be opened
// again.
class Logging : public Handler, private Service {
 public:
  void Handle(const Request&, Reply reply) override { reply.Send({}); }
  Service* upgraded() override { return this; }

 private:
  void OnConnection(worker::Connection) override {}
  absl::Status Reopen() override { return absl::InternalError("no log of the handler"); }
  void Drain(Idle) override {}
};

// Does what the test says.
class Answering : public Handler {
 public:
  explicit Answering(std::function<void(const Request&, Reply)> handle)
      : handle_(std::move(handle)) {}
  void Handle(const Request& request, Reply reply) override { handle_(request, std::move(reply)); }

 private:
  std::function<void(const Request&, Reply)> handle_;
};

class HttpServiceTest : public ServiceFixture {
 protected:
  std::filesystem::path LogPath() const { return root() / "access.log"; }
  void UseLog(const std::string& format = "combined") {
    config::v1::AccessLog& log = *http().mutable_access_log();
    log.set_path(LogPath());
    log.set_format(format);
    log.set_buffer_bytes(65536);
    log.mutable_flush_interval()->set_seconds(60);
  }
  // All that was logged, which is written when the service is drained.
  std::string Logged() {
    service().Drain(Service::Idle::kClose);
    return Read(LogPath());
  }
  static std::string Read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
};

TEST_F(HttpServiceTest, ServesAFileByteForByte) {
  AddRoot("/f/");
  std::string content;
  while (content.size() < 3'000'000) content += absl::StrCat(content.size(), "\n");
  WriteFile("f/file", content);
  const ClientResponse response = Ask("GET /f/file HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body == content);
}

TEST_F(HttpServiceTest, SendsNoBodyWhereTheStatusHasNone) {
  int status = 0;
  std::optional<Reply> kept;
  handlers()["status"] = [&](worker::Context&) {
    return std::make_unique<Answering>([&](const Request& request, Reply reply) {
      kept.emplace(std::move(reply));
      if (request.path == "/now") std::exchange(kept, {})->Send({.status = status, .body = "none"});
    });
  };
  for (const char* path : {"/now", "/later"}) {
    config::v1::Location& location = *http().add_location();
    location.set_path(path);
    location.set_handler("status");
  }
  Client client = Connect();
  for (const int without : {204, 205, 304}) {
    status = without;
    for (const char* line : {"GET /now", "HEAD /now", "POST /now", "GET /later"}) {
      client.Send(absl::StrCat(line, " HTTP/1.1\r\nHost: a\r\n\r\n"));
      if (absl::EndsWith(line, "later")) {
        ASSERT_TRUE(RunUntil([&] { return kept.has_value(); }));
        std::exchange(kept, {})->Send({.status = without, .body = "none"});
      }
      const ClientResponse response = client.Receive(/*has_body=*/false);
      EXPECT_EQ(response.status, without);
      EXPECT_EQ(response.Field("Content-Length").value_or("none"), without == 205 ? "0" : "none");
      EXPECT_FALSE(response.Field("Content-Type").has_value());
      EXPECT_TRUE(client.IsQuiet()) << line << " " << without;
    }
  }
  EXPECT_EQ(client.Ask(kGet).body, "hello");
}

TEST_F(HttpServiceTest, ServesRangesOfALargeFile) {
  AddRoot("/f/");
  WriteFile("f/file", std::string(1'000'000, 'a') + std::string(1'000'000, 'b'));
  const ClientResponse one =
      Ask("GET /f/file HTTP/1.1\r\nHost: a\r\nRange: bytes=900000-1099999\r\n\r\n");
  EXPECT_EQ(one.status, 206);
  EXPECT_TRUE(one.body == std::string(100'000, 'a') + std::string(100'000, 'b'));
  const ClientResponse two =
      Ask("GET /f/file HTTP/1.1\r\nHost: a\r\nRange: bytes=0-99999,-100000\r\n\r\n");
  EXPECT_EQ(two.status, 206);
  EXPECT_EQ(two.Field("Content-Length"), absl::StrCat(two.body.size()));
  EXPECT_TRUE(absl::StrContains(two.body, "\r\n\r\n" + std::string(100'000, 'a') + "\r\n--"));
  EXPECT_TRUE(absl::StrContains(two.body, "\r\n\r\n" + std::string(100'000, 'b') + "\r\n--"));
}

TEST_F(HttpServiceTest, DoesNotServeWhatALinkLeadsTo) {
  AddRoot("/");
  http().mutable_location()->DeleteSubrange(0, 1);
  std::filesystem::create_directory_symlink("/etc", root() / "link");
  EXPECT_EQ(Ask("GET /link/passwd HTTP/1.1\r\nHost: a\r\n\r\n").status, 404);
  EXPECT_EQ(Ask("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
}

TEST_F(HttpServiceTest, ForgetsFilesOnReopen) {
  AddRoot("/f/");
  WriteFile("f/file", "before");
  constexpr char kRequest[] = "GET /f/file HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(Ask(kRequest).body, "before");
  WriteFile("f/file", "after");
  EXPECT_EQ(Ask(kRequest).body, "before");
  ASSERT_TRUE(service().Reopen().ok());
  EXPECT_EQ(Ask(kRequest).body, "after");
}

TEST_F(HttpServiceTest, LeavesMostDescriptorsToConnections) {
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low = {160, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  AddRoot("/f/");
  const auto count_descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  service();
  const auto start = count_descriptors();
  for (int i = 0; i < 60; ++i) {
    const std::string name = absl::StrCat("f/", i);
    WriteFile(name, std::string(50'000, 'x'));
    EXPECT_EQ(Ask(absl::StrCat("GET /", name, " HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
  }
  ASSERT_TRUE(RunUntil([this] { return connections() == 0; }));
  EXPECT_EQ(count_descriptors(), start + 160 / 8);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(HttpServiceTest, LogsEachRequest) {
  UseLog();
  Ask("GET /a?b HTTP/1.1\r\nHost: a\r\nReferer: http://c/\r\nUser-Agent: d \"e\"\r\n\r\n");
  Ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  Ask("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string log = Logged();
  EXPECT_TRUE(absl::StartsWith(log, "127.0.0.1 - - ["));
  EXPECT_TRUE(
      absl::StrContains(log, "] \"GET /a?b HTTP/1.1\" 200 5 \"http://c/\" \"d \\x22e\\x22\"\n"));
  EXPECT_TRUE(absl::StrContains(log, "] \"HEAD / HTTP/1.1\" 200 0 \"-\" \"-\"\n"));
  EXPECT_TRUE(absl::StrContains(log, "] \"GET /\\x01 HTTP/1.1\" 400 ")) << log;
}

TEST_F(HttpServiceTest, LogsTheBytesOfALargeFileThatWereSent) {
  UseLog();
  AddRoot("/f/");
  WriteFile("f/file", std::string(3'000'000, 'x'));
  Ask("GET /f/file HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(Logged(), "] \"GET /f/file HTTP/1.1\" 200 3000000 \"-\" \"b\"\n"));
}

TEST_F(HttpServiceTest, LogsALargeFileThatItsClientLeft) {
  UseLog();
  AddRoot("/f/");
  WriteFile("f/file", std::string(30'000'000, 'x'));
  {
    Client client = Connect();
    client.Send("GET /f/file HTTP/1.1\r\nHost: a\r\n\r\n");
    RunWhatIsReady();
  }
  ASSERT_TRUE(RunUntil([this] { return connections() == 0; }));
  const std::string log = Logged();
  EXPECT_TRUE(absl::StrContains(log, "] \"GET /f/file HTTP/1.1\" 200 "));
  EXPECT_FALSE(absl::StrContains(log, " 30000000 "));
}

TEST_F(HttpServiceTest, LogsWhatItsFormatSays) {
  UseLog(
      "$status $request_method $request_uri $http_host $connection_requests $request_time "
      "$bytes_sent");
  AddRoot("/f/");
  WriteFile("f/file", std::string(3'000'000, 'x'));
  Client client = Connect();
  const ClientResponse small = client.Ask("GET /a HTTP/1.1\r\nHost: b\r\n\r\n");
  const ClientResponse large = client.Ask("GET /f/file HTTP/1.1\r\nHost: c\r\n\r\n");
  const std::string log = Logged();
  EXPECT_TRUE(absl::StartsWith(log, "200 GET /a b 1 0.0")) << log;
  EXPECT_TRUE(absl::StrContains(
      log, absl::StrCat(" ", small.head.size() + 2 + small.body.size(), "\n200 GET /f/file c 2 ")))
      << log;
  EXPECT_TRUE(absl::EndsWith(log, absl::StrCat(" ", large.head.size() + 2 + 3'000'000, "\n")))
      << log;
}

TEST_F(HttpServiceTest, LogsWhatIsLeftAtItsEnd) {
  UseLog();
  Ask("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(Read(LogPath()), "");
  Stop();
  EXPECT_TRUE(absl::StrContains(Read(LogPath()), "GET /1"));
}

TEST_F(HttpServiceTest, LogsWhatIsLeftBeforeAnExitWithoutItsEnd) {
  UseLog();
  Ask("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(Read(LogPath()), "");
  service().BeforeExit();
  EXPECT_TRUE(absl::StrContains(Read(LogPath()), "GET /1"));
}

TEST_F(HttpServiceTest, LogsToANewFileAfterReopen) {
  UseLog();
  Ask("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  std::filesystem::rename(LogPath(), root() / "old.log");
  ASSERT_TRUE(service().Reopen().ok());
  Ask("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(Read(root() / "old.log"), "GET /1"));
  EXPECT_FALSE(absl::StrContains(Read(root() / "old.log"), "GET /2"));
  EXPECT_TRUE(absl::StrContains(Logged(), "GET /2"));
}

TEST_F(HttpServiceTest, TellsWhenALogCannotBeReopened) {
  UseLog();
  service();
  std::filesystem::remove(LogPath());
  std::filesystem::create_directory(LogPath());
  EXPECT_EQ(service().Reopen().message(),
            absl::StrCat("http.access_log.path: open ", LogPath().string(), ": Is a directory"));
}

TEST_F(HttpServiceTest, ReopensItsLogThoughThatOfAHandlerCannotBe) {
  handlers()["h"] = [](worker::Context&) { return std::make_unique<Logging>(); };
  config::v1::Location& location = *http().add_location();
  location.set_path("/h/");
  location.set_handler("h");
  UseLog();
  ASSERT_TRUE(Start().ok());
  std::filesystem::remove(LogPath());
  EXPECT_EQ(service().Reopen().message(), "no log of the handler");
  EXPECT_TRUE(std::filesystem::exists(LogPath()));
}

TEST_F(HttpServiceTest, CountsRequestsAndBytes) {
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const ClientResponse response = Ask(request);
  Ask("nonsense\r\n\r\n");
  const StatsValues values = counters();
  EXPECT_EQ(values.requests, 2u);
  EXPECT_EQ(values.bytes_received, request.size() + 12);
  EXPECT_GT(values.bytes_sent, response.head.size() + 2 + response.body.size());
}

TEST_F(HttpServiceTest, ShowsTheCountersInStubStatus) {
  config::v1::Location& location = *http().add_location();
  location.set_path("/stub_status");
  location.mutable_stub_status();
  stats().accepted.Add(7);
  stats().handled.Add(6);
  Client idle = Connect();
  const ClientResponse response = Ask("GET /stub_status HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(response.body,
            "Active connections: 2 \nserver accepts handled requests\n 7 6 1 \n"
            "Reading: 0 Writing: 1 Waiting: 1 \n");
}

TEST_F(HttpServiceTest, GivesItsConnectionsBackWhenItIsDestroyed) {
  Client idle = Connect();
  Client partial = Connect();
  partial.Send("GET / ");
  RunWhatIsReady();
  ASSERT_EQ(connections(), 2u);
  Stop();
  EXPECT_EQ(connections(), 0u);
  EXPECT_EQ(counters().waiting, 0u);
  EXPECT_EQ(counters().reading, 0u);
}

TEST_F(HttpServiceTest, RefusesAConfigurationThatItCannotUse) {
  UseLog("$none");
  EXPECT_TRUE(absl::StartsWith(Start().message(), "http.access_log.format has $none, which is"));
  EXPECT_EQ(config::FieldOf(Start()), "http.access_log.format");
  UseLog();
  http().mutable_access_log()->set_path(root() / "none" / "access.log");
  EXPECT_EQ(Start().message(),
            absl::StrCat("http.access_log.path: open ", (root() / "none/access.log").string(),
                         ": No such file or directory"));
  EXPECT_EQ(config::FieldOf(Start()), "http.access_log.path");
  http().clear_access_log();
  AddRoot("/a").set_root("/nonexistent");
  EXPECT_EQ(Start().message(), "http.location[1].root /nonexistent: No such file or directory");
  EXPECT_EQ(config::FieldOf(Start()), "http.location[1].root");
}

}  // namespace
}  // namespace muster::worker::http
