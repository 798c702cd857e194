// PROGRAM --standalone: a worker program in one process, without a master.

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/await.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/line_client.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGdb[] = "/usr/bin/gdb";
constexpr char kWorker[] = "worker/worker";
constexpr char kListen[] = "listen { address: '127.0.0.1:0' }\n";
constexpr char kSite[] = "http { location { path: '/' root: 'site' } }\n";

class Standalone : public testing::Test {
 protected:
  Standalone() {
    fs::create_directory(folder_ + "/site");
    WriteFile(folder_ + "/site/index.html", "it serves\n");
  }
  ~Standalone() override { fs::remove_all(folder_); }

  std::string file() const { return folder_ + "/muster.textproto"; }

  void Start(const std::string& program, const std::string& config,
             const std::vector<std::string>& before = {}) {
    WriteFile(file(), config);
    std::vector<std::string> arguments = before;
    for (const std::string& argument :
         {program, std::string("--standalone"), std::string("-c"), file()}) {
      arguments.push_back(argument);
    }
    process_.emplace(folder_, arguments);
  }

  // Waits until it serves, and returns its first address.
  std::string Address() {
    constexpr char kServes[] = "serves without a master at ";
    const bool serves = Await(
        [&] { return absl::StrContains(process_->errors(), kServes) || process_->has_ended(); });
    const std::string log = process_->errors();
    const std::size_t begin = log.find(kServes);
    if (!serves || begin == log.npos) {
      ADD_FAILURE() << "it does not serve: " << log;
      return "";
    }
    const std::size_t address = begin + sizeof(kServes) - 1;
    return log.substr(address, log.find_first_of(",\n", address) - address);
  }

  // Of a start that fails; with `arguments` in place of a good command line.
  std::string Refusal(const std::string& program, const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {program};
    all.insert(all.end(), arguments.begin(), arguments.end());
    ChildProcess process(folder_, all);
    EXPECT_EQ(process.Wait(), 2) << process.errors();
    return process.errors();
  }
  std::string RefusalOf(const std::string& program, const std::string& config) {
    WriteFile(file(), config);
    return Refusal(program, {"--standalone", "-c", file()});
  }

  static std::string MakeFolder() {
    char folder[] = "/tmp/muster-standalone-XXXXXX";
    return ::mkdtemp(folder) != nullptr ? folder : "";
  }

  // Short, for Unix sockets.
  const std::string folder_ = MakeFolder();
  std::optional<ChildProcess> process_;
};

TEST_F(Standalone, ServesFilesInOneProcess) {
  Start(kWorker, absl::StrCat(kListen, kSite));
  const std::string address = Address();
  const auto response = FetchOnce(address, "/index.html");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body, "it serves\n");
  EXPECT_EQ(
      ReadFile(absl::StrCat("/proc/", process_->pid(), "/task/", process_->pid(), "/children")),
      "");
}

TEST_F(Standalone, EndsWithStatusZeroAtEachSignalAndLeavesNothing) {
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT}) {
    const std::string socket = folder_ + "/run/worker.sock";
    Start(kWorker,
          absl::StrCat("listen { address: 'unix:run/worker.sock' mode: '0600' }\n", kSite));
    EXPECT_EQ(Address(), "unix:" + socket);
    EXPECT_TRUE(fs::exists(socket));
    process_->Signal(signal);
    EXPECT_EQ(process_->Wait(), 0) << signal << ": " << process_->errors();
    EXPECT_FALSE(fs::exists(socket)) << signal;
  }
}

// Half of a request.
class RequestInFlight {
 public:
  explicit RequestInFlight(const std::string& address) : client_(address) {
    // The first response tells that the connection is the worker's.
    EXPECT_TRUE(client_.Get("/index.html").has_value());
    EXPECT_TRUE(client_.Send("GET /index.html HTTP/1.1\r\n"));
  }
  std::optional<HttpResponse> Complete() {
    client_.Send("Host: x\r\n\r\n");
    return client_.Receive();
  }

 private:
  HttpClient client_;
};

class DrainingStandalone : public Standalone {
 public:
  // Serves with `more` of a configuration, has half of a request, and has got `signal`.
  RequestInFlight Drain(int signal, absl::string_view more = "") {
    Start(kWorker, absl::StrCat(kListen, more, kSite));
    const std::string address = Address();
    RequestInFlight request(address);
    process_->Signal(signal);
    EXPECT_TRUE(Await([&] { return !HttpClient(address).is_connected(); })) << "it drains";
    EXPECT_FALSE(process_->has_ended());
    return request;
  }
};

TEST_F(DrainingStandalone, AnswersWhatIsInFlight) {
  RequestInFlight request = Drain(SIGQUIT);
  const auto response = request.Complete();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(process_->Wait(), 0) << process_->errors();
}

TEST_F(DrainingStandalone, EndsAtOnceAtTheSecondTerm) {
  const RequestInFlight request =
      Drain(SIGTERM, "listen { address: 'unix:worker.sock' }\nstop_signal_is_graceful: true\n");
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(), 0) << process_->errors();
  EXPECT_FALSE(fs::exists(folder_ + "/worker.sock"));
}

// Not at once: what it has logged is written.
TEST_F(DrainingStandalone, StopsAtTermAfterQuit) {
  const RequestInFlight request = Drain(SIGQUIT);
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(), 0) << process_->errors();
  EXPECT_TRUE(absl::StrContains(process_->errors(), "got SIGTERM")) << process_->errors();
}

TEST_F(Standalone, TellsAtHupThatThereIsNoReload) {
  Start(kWorker, absl::StrCat(kListen, kSite));
  const std::string address = Address();
  process_->Signal(SIGHUP);
  EXPECT_TRUE(Await([&] {
    return absl::StrContains(process_->errors(), "got SIGHUP: without a master there is no reload");
  })) << process_->errors();
  EXPECT_TRUE(FetchOnce(address, "/index.html").has_value());
}

TEST_F(Standalone, NamesTheFieldsThatHaveNoEffectOnce) {
  Start(kWorker,
        absl::StrCat("worker_processes: 4\nlog { path: 'log' level: DEBUG }\n", kListen, kSite,
                     "admin { listen: 'unix:admin.sock' }\nnice: 3\n"
                     "worker_binary: '/nowhere/worker'\n"));
  Address();
  EXPECT_THAT(process_->errors(),
              HasSubstr("without a master these fields have no effect: worker_processes, "
                        "log.path, admin, worker_binary, nice\n"));
  EXPECT_THAT(process_->errors(), HasSubstr("sandbox: is off"));
  EXPECT_FALSE(fs::exists(folder_ + "/log"));
  EXPECT_FALSE(fs::exists(folder_ + "/admin.sock"));
  EXPECT_FALSE(fs::exists(folder_ + "/run")) << "no pid file";
}

TEST_F(Standalone, SaysNothingOfFieldsThatTheFileDoesNotHave) {
  Start(kWorker, absl::StrCat(kListen, "sandbox: OFF\n", kSite));
  Address();
  EXPECT_THAT(process_->errors(), AllOf(Not(HasSubstr("no effect")), Not(HasSubstr("sandbox"))));
}

TEST_F(Standalone, LetsTheServiceSeeTheEnvironmentThatTheConfigurationSays) {
  fs::create_directory(folder_ + "/work");
  Start(kWorker, absl::StrCat(kListen, kSite, "environment { name: 'WHO' value: 'me' }\n",
                              "working_directory: 'work'\n"));
  Address();
  EXPECT_EQ(fs::read_symlink(absl::StrCat("/proc/", process_->pid(), "/cwd")), folder_ + "/work");
}

TEST_F(Standalone, GivesTheCacheItsZone) {
  Start("examples/cache/cache",
        absl::StrCat(kListen, "zone { name: 'cache' size_bytes: 75497472 }\n",
                     "stream { max_session_bytes: 1114112 }\n",
                     "service { [type.googleapis.com/muster.examples.cache.v1.Cache] {} }\n"));
  const std::string address = Address();
  LineClient writer(address);
  ASSERT_TRUE(writer.SendBytes("set a 0 0 5\r\nhello\r\n"));
  EXPECT_EQ(writer.Receive(), "STORED\r");
  LineClient reader(address);
  ASSERT_TRUE(reader.SendBytes("get a\r\n"));
  EXPECT_EQ(reader.Receive(), "VALUE a 0 5\r");
  EXPECT_EQ(reader.Receive(), "hello\r");
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(), 0) << process_->errors();
}

TEST_F(Standalone, RunsEveryKindOfService) {
  struct Example {
    std::string program;
    std::string config;
    std::string request;
    std::string answer;
  };
  const Example examples[] = {
      {"examples/echo/echo", "service {}", "hi\n", "hi"},
      {"examples/chat/chat",
       "zone { name: 'chat' size_bytes: 1048576 } metrics {}"
       "service { [type.googleapis.com/muster.examples.chat.v1.Chat] { greeting: 'welcome' } }",
       "", "* welcome"},
      {"examples/hello/hello", "http { location { path: '/hello/' handler: 'hello' } }",
       "GET /hello/you HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r"},
      {"examples/events/events",
       "zone { name: 'events' size_bytes: 2097152 }"
       "http { location { path: '/events' handler: 'events' } }",
       "GET /events HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r"},
  };
  for (const Example& example : examples) {
    Start(example.program, kListen + example.config);
    LineClient client(Address());
    if (!example.request.empty()) {
      ASSERT_TRUE(client.SendBytes(example.request)) << example.program;
    }
    EXPECT_EQ(client.Receive(), example.answer) << example.program;
    process_->Signal(SIGINT);
    EXPECT_EQ(process_->Wait(), 0) << example.program << ": " << process_->errors();
  }
}

TEST_F(Standalone, ReportsEachMistakeAtItsPlaceAsAMasterDoes) {
  EXPECT_THAT(RefusalOf(kWorker, "worker_proceses: 2\n" + absl::StrCat(kListen, kSite)),
              HasSubstr(absl::StrCat(file(),
                                     ":1:1: worker_proceses: is unknown; did you mean "
                                     "\"worker_processes\"?")));
  EXPECT_THAT(RefusalOf("examples/cache/cache",
                        absl::StrCat(kListen,
                                     "service {\n"
                                     "  [type.googleapis.com/muster.examples.cache.v1.Cache] {\n"
                                     "    shads: 2\n"
                                     "  }\n"
                                     "}\n")),
              HasSubstr(absl::StrCat(file(), ":4:5: service.shads: is unknown")));
  EXPECT_THAT(RefusalOf("examples/hello/hello",
                        absl::StrCat(kListen, "http { location { path: '/' handler: 'bye' } }\n")),
              HasSubstr(absl::StrCat(file(),
                                     ":2:38: http.location[0].handler: the worker program "
                                     "has no \"bye\"; it has hello")));
  // The service itself refuses it.
  EXPECT_THAT(RefusalOf("examples/cache/cache",
                        absl::StrCat(kListen,
                                     "service { "
                                     "[type.googleapis.com/muster.examples.cache.v1.Cache] {} }")),
              HasSubstr("zone \"cache\": is not declared"));
}

TEST_F(Standalone, RefusesACommandLineWithoutAUsableFile) {
  EXPECT_THAT(Refusal(kWorker, {"--standalone"}),
              HasSubstr("worker: --standalone needs a configuration: --standalone -c FILE\n"));
  EXPECT_THAT(Refusal(kWorker, {"--standalone", "-c", "/nowhere/m.textproto"}),
              HasSubstr("worker: open /nowhere/m.textproto: No such file or directory"));
  EXPECT_THAT(Refusal(kWorker, {"--standalone", "--config=" + folder_}), HasSubstr("is a folder"));
  EXPECT_THAT(Refusal(kWorker, {"-c", file()}), HasSubstr("worker: -c is for --standalone"));
  EXPECT_THAT(Refusal(kWorker, {"--standalon", "-c", file()}),
              HasSubstr("unknown option \"--standalon\"; did you mean \"--standalone\"?"));
}

TEST_F(Standalone, NamesTheListenerWhoseAddressIsTaken) {
  Start(kWorker, absl::StrCat(kListen, kSite));
  const std::string address = Address();
  WriteFile(folder_ + "/other.textproto",
            absl::StrCat("listen { address: '", address, "' }\n", kSite));
  ChildProcess other(folder_, {kWorker, "--standalone", "-c", folder_ + "/other.textproto"});
  EXPECT_EQ(other.Wait(), 1);
  EXPECT_THAT(other.errors(),
              HasSubstr(absl::StrCat(folder_, "/other.textproto:1:19: ", "listen[0].address: bind ",
                                     address, ": Address already in use")));
}

// A blocked signal would not stop the program in a debugger.
TEST_F(Standalone, LetsADebuggerSeeCtrlC) {
  Start(kWorker, absl::StrCat(kListen, kSite));
  Address();
  std::istringstream status(ReadFile(absl::StrCat("/proc/", process_->pid(), "/status")));
  std::uint64_t blocked = ~std::uint64_t{0};
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, "SigBlk:")) blocked = std::stoull(line.substr(7), nullptr, 16);
  }
  EXPECT_EQ(blocked & (std::uint64_t{1} << (SIGINT - 1)), 0u);
  EXPECT_EQ(blocked & (std::uint64_t{1} << (SIGTERM - 1)), 0u);
}

TEST_F(Standalone, IsStoppedByCtrlCUnderADebuggerAndServesUntilThen) {
  if (::access(kGdb, X_OK) != 0) GTEST_SKIP() << "there is no " << kGdb;
  WriteFile(folder_ + "/commands",
            "set confirm off\n"
            "run\n"
            "backtrace 1\n"
            "kill\n");
  Start(kWorker, absl::StrCat(kListen, kSite),
        {kGdb, "--batch", "-nx", "-x", folder_ + "/commands", "--args"});
  const bool has_begun = Await([&] {
    return absl::StrContains(process_->errors(), "serves without a master at ") ||
           process_->has_ended();
  });
  if (!has_begun || process_->has_ended()) {
    // Not everywhere may a process trace another one.
    if (absl::StrContains(process_->errors(), "ptrace")) GTEST_SKIP() << process_->errors();
    FAIL() << process_->output() << process_->errors();
  }
  EXPECT_TRUE(FetchOnce(Address(), "/index.html").has_value());
  const pid_t gdb = process_->pid();
  const std::string child = ReadFile(absl::StrCat("/proc/", gdb, "/task/", gdb, "/children"));
  ASSERT_EQ(::kill(std::stoi(child), SIGINT), 0) << child;
  EXPECT_EQ(process_->Wait(), 0) << process_->errors();
  EXPECT_THAT(process_->output(), AllOf(HasSubstr("received signal SIGINT"), HasSubstr("#0 ")));
}

}  // namespace
}  // namespace muster::tests
