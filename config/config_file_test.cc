#include "muster/config/config_file.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "muster/proto/worker.pb.h"

namespace muster::config {
namespace {

using ::testing::HasSubstr;

constexpr char kGood[] = R"(# A site.
worker_processes: 2
listen { address: "127.0.0.1:8080" }
shutdown_timeout { seconds: 5 }
http {
  location { path: "/" return { body: "hello" } }
}
)";

std::string MistakesIn(const std::string& text, ConfigFormat format = ConfigFormat::kText) {
  const auto config = ReadConfigText("m", text, format, "/tmp");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(config.status().message());
}

TEST(ConfigFile, IsReadWithDefaultsAndAbsolutePaths) {
  const auto config = ReadConfigText("m", kGood, ConfigFormat::kText, "/tmp");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->worker_processes(), 2u);
  EXPECT_EQ(config->shutdown_timeout().seconds(), 5);
  EXPECT_EQ(config->ready_timeout().seconds(), 10);
  EXPECT_EQ(config->pid_file(), "/tmp/run/muster.pid");
}

TEST(ConfigFile, TellsEveryMistakeWithItsPlace) {
  EXPECT_EQ(MistakesIn(R"(worker_proceses: 2
listen { address: "127.0.0.1:8080" backlog: 0 }
listen { adress: "127.0.0.1:8081" }
listen { address: "nowhere:80" }
accept: SOMETIMES
worker_connections: "many"
ready_timeout { seconds: 9999 }
shutdown_timeout: 5
crash_loop_limit: 3
crash_loop_limit: 4
http {
  location { path: "/" root: "/nowhere" }
  location { path: "x" return { status: 200 } stub_status {} }
	location { path: 5 return { status: -1 } }
  access_log { }
}
)"),
            R"(m:1:1: worker_proceses: is unknown; did you mean "worker_processes"?
m:2:45: listen[0].backlog: is 0; must be from 1 to 65535
m:3:10: listen[1].adress: is unknown; did you mean "address"?
m:4:19: listen[2].address: "nowhere" is no IP address, and names are not looked up; write "127.0.0.1:8080", "[::1]:8080", "*:8080" or "unix:path"
m:5:9: accept: unknown enumeration value of "SOMETIMES" for field "accept"; write one of EXCLUSIVE, MUTEX, REUSEPORT
m:6:21: worker_connections: expected integer, got: "many"; write a whole number that is not negative, worker_connections: 1
m:7:1: ready_timeout: is 9999s; must be from 100ms to 3600s
m:8:19: shutdown_timeout: expected "{", found "5"; write shutdown_timeout { seconds: 60 }
m:10:1: crash_loop_limit: is given twice; it is in line 9, too
m:12:30: http.location[0].root: "/nowhere" is no folder: No such file or directory
m:13:20: http.location[1].path: "x" must begin with "/"
m:13:47: http.location[1].stub_status: and return in line 13 exclude each other; keep one
m:14:19: http.location[2].path: expected string, got: 5; write a text in quotes, path: "..."
m:14:38: http.location[2].return.status: expected integer, got: -; write a whole number that is not negative, status: 1
m:15:3: http.access_log.path: is missing)");
}

TEST(ConfigFile, QuotesNothingThatATerminalWouldObey) {
  EXPECT_THAT(
      MistakesIn(
          "listen { address: \"x\\n\\033[2J:1\" } http { location { path: '/' return {} } }"),
      HasSubstr("listen[0].address: \"x\\x0a\\x1b[2J\""));
}

TEST(ConfigFile, DoesNotBlameAFieldTwice) {
  EXPECT_EQ(MistakesIn("listen { address: 5 } http { location { path: '/' return {} } }"),
            "m:1:19: listen[0].address: expected string, got: 5; write a text in quotes, address: "
            "\"...\"");
  EXPECT_EQ(MistakesIn("listn { address: '*:80' } http { location { path: '/' return {} } }"),
            "m:1:1: listn: is unknown; did you mean \"listen\"?");
}

TEST(ConfigFile, KeepsItsCountWhenAnElementIsBroken) {
  EXPECT_EQ(MistakesIn("listen: 5\nlisten { address: 'x' }\n"
                       "http { location { path: '/' return {} } }"),
            "m:1:9: listen[0]: expected \"{\", found \"5\"; write listen { ... }\n"
            "m:2:19: listen[0].address: \"x\" has no port; write \"127.0.0.1:8080\", "
            "\"[::1]:8080\", \"*:8080\" or \"unix:path\"");
}

TEST(ConfigFile, TellsABraceThatLacks) {
  EXPECT_EQ(MistakesIn("listen { address: '*:80' }\nhttp {\n  location { path: '/' \n}\n"),
            "m:2:6: \"{\" is never closed");
}

TEST(ConfigFile, TellsTextThatIsNoToken) {
  EXPECT_THAT(MistakesIn("pid_file: 'abc\nlisten { address: '*:80' }"), HasSubstr("m:1:"));
  EXPECT_THAT(MistakesIn("pid_file: '\\q'\n"), HasSubstr("m:1:11: pid_file: invalid escape"));
}

TEST(ConfigFile, TellsThatAConfigurationServesNothing) {
  EXPECT_EQ(MistakesIn("worker_processes: 2"),
            "m:1:1: listen: has 0 elements; must have from 1 to 64\n"
            "m:1:1: serves nothing; give it an http { ... } block, or service for one of your own");
}

TEST(ConfigFile, TellsWhatATextIsAndNothingElse) {
  EXPECT_EQ(MistakesIn(""),
            "m:1:1: is empty; a configuration has at least listen { address: \"127.0.0.1:8080\" } "
            "and http { ... }");
  EXPECT_EQ(MistakesIn("{\"listen\": []}"),
            "m:1:1: is JSON in a file whose name does not say so; give it a name that ends in "
            ".json");
  EXPECT_THAT(MistakesIn("a: 1\nlisten {\n  address = \"x\"\n}\n"),
              testing::MatchesRegex("m:3:3: is TOML or the like, [^\n]*"));
}

TEST(ConfigFile, IsReadBehindAByteOrderMark) {
  const auto config =
      ReadConfigText("m", absl::StrCat("\xef\xbb\xbf", kGood), ConfigFormat::kText, "/tmp");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(MistakesIn("\xef\xbb\xbflisen {}"), HasSubstr("m:1:4: lisen: "));
}

TEST(ConfigFile, IsReadWithTheLinesOfDos) {
  std::string text = kGood;
  for (std::size_t i = 0; (i = text.find('\n', i)) != text.npos; i += 2) text.insert(i, "\r");
  EXPECT_TRUE(ReadConfigText("m", text, ConfigFormat::kText, "/tmp").ok());
}

TEST(ConfigFile, TellsAQuoteThatLacksBeforeTheBracesThatItHides) {
  EXPECT_EQ(MistakesIn("listen { address: \"127.0.0.1:80 }\nhttp { }\n"),
            "m:1:19: this quote has no partner in its line; write \" at both ends of the text");
}

TEST(ConfigFile, TakesStrayTokensForNothingElse) {
  EXPECT_EQ(MistakesIn(std::string(kGood) + "$lisen {}\n@\n5\n"),
            "m:8:1: \"$\" is out of place; a field's name is expected here\n"
            "m:8:2: lisen: is unknown; did you mean \"listen\"?");
  EXPECT_EQ(MistakesIn(std::string(kGood) + "@\n5\n"),
            "m:8:1: \"@\" is out of place; a field's name is expected here\n"
            "m:9:1: \"5\" is out of place; a field's name is expected here");
}

TEST(ConfigFile, TellsThatAnAddressNeedsQuotes) {
  EXPECT_EQ(
      MistakesIn("listen { address: 127.0.0.1:80 } http { location { path: '/' return {} } }"),
      "m:1:24: listen[0].address: is no number; write a text in quotes, address: \"...\"");
}

TEST(ConfigFile, DoesNotTellWhatOnlyFollows) {
  EXPECT_EQ(MistakesIn("listen { address: '*:80' } htp { location { path: '/' return {} } }"),
            "m:1:28: htp: is unknown; did you mean \"http\"?");
  EXPECT_EQ(MistakesIn("listen { address: '*:80' } http { location { path: '/' rot: 'x' } }"),
            "m:1:56: http.location[0].rot: is unknown; did you mean \"root\"?");
}

TEST(ConfigFile, EndsWithManyMistakes) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "listen: 5\n";
  EXPECT_THAT(MistakesIn(text), HasSubstr("m:50:9: listen[0]"));
}

TEST(ConfigFile, IsReadFromJson) {
  const auto config = ReadConfigText("m.json", R"({
    "workerProcesses": 2,
    "listen": [{"address": "127.0.0.1:8080"}],
    "shutdown_timeout": "5s",
    "http": {"location": [{"path": "/", "return": {"body": "hello"}}]}
  })",
                                     ConfigFormat::kJson, "/tmp");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->worker_processes(), 2u);
  EXPECT_EQ(config->shutdown_timeout().seconds(), 5);
  EXPECT_EQ(config->http().location(0).return_().body(), "hello");
}

TEST(ConfigFile, TellsMistakesInJsonWithTheirPlaces) {
  EXPECT_EQ(
      MistakesIn(R"({
  "workers": 2,
  "listen": [{"address": "127.0.0.1:8080", "backlog": 0}],
  "http": {"location": [{"path": "x", "return": {}}]}
})",
                 ConfigFormat::kJson),
      R"(m:2:3: workers: is unknown; possible here: worker_processes, listen, accept, worker_connections, accept_delay, ready_timeout, shutdown_timeout, drain_ack_timeout, max_generations, restart, crash_loop_limit, heartbeat_timeout, hung_worker, trial, pid_file, log, admin, worker_binary, zone, metrics, threads, http, service, user, group, supplementary_group, no_new_privs, limits, nice, cpu_affinity, environment, working_directory, hand_off_between_users, stop_signal_is_graceful, sandbox, stream
m:3:55: listen[0].backlog: is 0; must be from 1 to 65535
m:4:34: http.location[0].path: "x" must begin with "/")");
}

TEST(ConfigFile, TellsAWrongValueInJsonWithItsPlace) {
  EXPECT_THAT(MistakesIn("{\n  \"listen\": [{\"address\": \"*:80\", \"backlog\": \"x\"}]\n}",
                         ConfigFormat::kJson),
              HasSubstr("m:2:45: listen[0].backlog: "));
}

TEST(ConfigFile, TellsEachWrongValueInJson) {
  EXPECT_EQ(
      MistakesIn(R"({
  "listen": [{"address": "127.0.0.1:80", "backlog": "x"}, {"address": 5}],
  "accept": "NEVER", "admin": [], "workerProcesses": {}, "readyTimeout": 5,
  "zone": [[]], "pidFile": null,
  "http": {"location": [{"path": "/", "return": {}, "root": "x"}]}, "http": {}
})",
                 ConfigFormat::kJson),
      R"(m:2:53: listen[0].backlog: is "x"; write a whole number that is not negative, "backlog": 1
m:2:71: listen[1].address: is 5; write a text in quotes, "address": "..."
m:3:13: accept: is "NEVER"; write one of EXCLUSIVE, MUTEX, REUSEPORT
m:3:22: admin: is a list, but there is one only; write "admin": { ... }
m:3:54: worker_processes: is an object; write a whole number that is not negative, "workerProcesses": 1
m:3:74: ready_timeout: is 5; write "readyTimeout": "60s"
m:4:12: zone[0]: is [...]; write "zone": [{ ... }]
m:5:53: http.location[0].root: and return in line 5 exclude each other; keep one
m:5:69: http: is given twice; it is in line 5, too)");
}

TEST(ConfigFile, TellsTheSyntaxOfJsonAloneIfItIsBroken) {
  EXPECT_EQ(MistakesIn("{\n  \"listen\": [{\"adress\": \"*:80\"}]\n  \"pidFile\" \"x\"\n}",
                       ConfigFormat::kJson),
            "m:3:3: expected , or } after key:value pair");
}

TEST(ConfigFile, ReadsTheNamesOfJsonWithoutQuotesAsTheParserDoes) {
  EXPECT_EQ(MistakesIn("{listen: [{address: \"*:80\"}], http: {location: [{pth: \"/\"}]}}",
                       ConfigFormat::kJson),
            "m:1:49: http.location[0]: does nothing; give it one of root, return, stub_status, "
            "metrics, status_json, status_page and handler\n"
            "m:1:50: http.location[0].pth: is unknown; did you mean \"path\"?");
}

TEST(ConfigFile, TellsBrokenJsonWithItsPlace) {
  EXPECT_THAT(MistakesIn("{\n  \"listen\": [,]\n}", ConfigFormat::kJson), HasSubstr("m:2:14: "));
  EXPECT_THAT(MistakesIn("{\n  \"listen\": [\n}", ConfigFormat::kJson), HasSubstr("m:3:1: "));
  EXPECT_EQ(MistakesIn("{} x", ConfigFormat::kJson), "m:1:4: something follows the configuration");
  EXPECT_THAT(MistakesIn("", ConfigFormat::kJson), HasSubstr("m:1:1: "));
}

TEST(ConfigFile, ThatCannotBeOpenedIsNamed) {
  const auto config = ReadConfigFile("/nowhere/m.textproto", "/nowhere", nullptr);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(config.status().message(), "open /nowhere/m.textproto: No such file or directory");
}

TEST(ConfigFile, TellsWhereItsMasterIsInSpiteOfMistakes) {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/spoilt.textproto";
  std::ofstream(path) << "lisen {}\nadmin { listen: 'unix:a.sock' } accept: NEVER";
  const auto config = ReadSpoiltConfigFile(path, "/p");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->admin().listen(0), "unix:/p/a.sock");
  EXPECT_EQ(config->pid_file(), "/p/run/muster.pid");
}

TEST(ConfigFile, IsJsonByItsName) {
  const std::string folder = std::getenv("TEST_TMPDIR");
  std::ofstream(folder + "/m.json") << "{\"listen\": 5}";
  std::ofstream(folder + "/m.textproto") << kGood;
  EXPECT_THAT(ReadConfigFile(folder + "/m.json", "/tmp", nullptr).status().message(),
              HasSubstr("m.json:1:"));
  EXPECT_TRUE(ReadConfigFile(folder + "/m.textproto", "/tmp", nullptr).ok());
}

// A worker program whose service is configured by a muster.config.v1.Listen.
absl::StatusOr<worker::v1::Description> DescribeListenProgram(const v1::Config&) {
  worker::v1::Description description;
  description.add_service_type("muster.config.v1.Listen");
  description.add_handler("counter");
  const google::protobuf::FileDescriptor* file = v1::Listen::descriptor()->file();
  for (int i = 0; i < file->dependency_count(); ++i) {
    const google::protobuf::FileDescriptor* import = file->dependency(i);
    for (int n = 0; n < import->dependency_count(); ++n) {
      import->dependency(n)->CopyTo(description.mutable_files()->add_file());
    }
    import->CopyTo(description.mutable_files()->add_file());
  }
  file->CopyTo(description.mutable_files()->add_file());
  return description;
}

std::string ProgramMistakesIn(const std::string& text, ConfigFormat format = ConfigFormat::kText,
                              const DescribeWorker& describe = DescribeListenProgram) {
  const auto config = ReadConfigText("m", text, format, "/tmp", describe);
  return std::string(config.status().message());
}

v1::Listen ServiceIn(const std::string& text, ConfigFormat format) {
  const auto config = ReadConfigText("m", text, format, "/tmp", DescribeListenProgram);
  EXPECT_TRUE(config.ok()) << config.status();
  v1::Listen service;
  EXPECT_TRUE(config.ok() && config->service().UnpackTo(&service));
  return service;
}

TEST(ConfigOfAService, IsReadWithItsDefaults) {
  const v1::Listen service = ServiceIn(
      "listen { address: '127.0.0.1:0' }\n"
      "service { [type.googleapis.com/muster.config.v1.Listen] { address: 'x' } }",
      ConfigFormat::kText);
  EXPECT_EQ(service.address(), "x");
  EXPECT_EQ(service.backlog(), 511u);
}

TEST(ConfigOfAService, IsReadFromJson) {
  const v1::Listen service = ServiceIn(
      R"({"listen": [{"address": "127.0.0.1:0"}], "service": {
          "@type": "type.googleapis.com/muster.config.v1.Listen", "address": "x"}})",
      ConfigFormat::kJson);
  EXPECT_EQ(service.address(), "x");
  EXPECT_EQ(service.backlog(), 511u);
}

TEST(ConfigOfAService, HasItsMistakesToldWithTheirPlaces) {
  EXPECT_EQ(ProgramMistakesIn(R"(listen { address: "127.0.0.1:0" }
service {
  [type.googleapis.com/muster.config.v1.Listen] {
    adress: "x"
    backlog: 0
  }
}
worker_connections: 0)"),
            R"(m:4:5: service.adress: is unknown; did you mean "address"?
m:5:14: service.backlog: is 0; must be from 1 to 65535
m:8:21: worker_connections: is 0; must be from 1 to 1048576)");
}

TEST(ConfigOfAService, HasAValueOfTheWrongKindToldWithItsPlace) {
  EXPECT_EQ(
      ProgramMistakesIn(R"(listen { address: "127.0.0.1:0" }
service { [type.googleapis.com/muster.config.v1.Listen] { address: "x" backlog: many } })"),
      "m:2:81: service.backlog: expected integer, got: many; write a whole number that is not "
      "negative, backlog: 1");
}

TEST(ConfigOfAService, HasItsMistakesInJsonToldWithTheirPlaces) {
  EXPECT_EQ(ProgramMistakesIn(R"({"listen": [{"address": "127.0.0.1:0"}],
 "service": {"@type": "type.googleapis.com/muster.config.v1.Listen",
   "adress": "x", "backlog": 0}})",
                              ConfigFormat::kJson),
            R"(m:3:4: service.adress: is unknown; did you mean "address"?
m:3:30: service.backlog: is 0; must be from 1 to 65535)");
}

TEST(ConfigOfAService, IsRefusedIfTheProgramDoesNotHaveIt) {
  const std::string text =
      "listen { address: '127.0.0.1:0' }\nservice { [x/my.Chat] { rooms: 1 } } accept: MUTEX";
  EXPECT_EQ(ProgramMistakesIn(text),
            "m:2:11: service: the worker program has no \"x/my.Chat\"; it has "
            "muster.config.v1.Listen");
  EXPECT_EQ(ProgramMistakesIn(text, ConfigFormat::kText,
                              [](const v1::Config&) { return worker::v1::Description(); }),
            "m:2:11: service: the worker program has no \"x/my.Chat\"; it wants no service");
}

TEST(ConfigOfAService, AsksTheProgramThatTheConfigurationNames) {
  std::string asked;
  ProgramMistakesIn("service { [x/my.Chat] {} } worker_binary: 'bin/chat'", ConfigFormat::kText,
                    [&](const v1::Config& config) {
                      asked = config.worker_binary();
                      return worker::v1::Description();
                    });
  EXPECT_EQ(asked, "/tmp/bin/chat");
}

TEST(ConfigOfAService, TellsWhyTheProgramCannotBeAsked) {
  EXPECT_EQ(ProgramMistakesIn("listen { address: '127.0.0.1:0' }\n service { [x/my.Chat] {} }",
                              ConfigFormat::kText,
                              [](const v1::Config&) -> absl::StatusOr<worker::v1::Description> {
                                return absl::NotFoundError("no worker program at /x");
                              }),
            "m:1:1: worker_binary: cannot be asked what it serves: no worker program at /x");
}

TEST(ConfigOfAService, NamesHandlersThatTheProgramHas) {
  EXPECT_EQ(
      ProgramMistakesIn(R"(listen { address: "127.0.0.1:0" } http {
  location { path: "/a" handler: "counter" }
  location { path: "/b" handler: "conter" } })"),
      "m:3:34: http.location[1].handler: the worker program has no \"conter\"; it has counter");
}

}  // namespace
}  // namespace muster::config
