// Who a client is and by which listener it came, as handlers, the log and the counters see it:
// behind proxies, over reloads, and when there are too many.

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/line_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHeader[] = "PROXY TCP4 192.0.2.1 198.51.100.2 4711 80\r\n";
const std::string kBinaryHeader = std::string("\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x24", 16) +
                                  "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x07" +
                                  std::string(15, '\0') + "\x01" + std::string("\x12\x34\0\x50", 4);
constexpr char kGet[] = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n";

const std::string kWorker = ExampleWorker("whoami");

// Workers that answer /who by what the handler sees.
std::string Config(const std::string& listeners, const std::string& more = "") {
  return absl::StrCat(listeners, "\nadmin { listen: \"unix:admin.sock\" }\n",
                      "pid_file: \"muster.pid\"\nworker_processes: 1\n", more, R"(
http {
  location { path: "/who" handler: "whoami" }
  location { path: "/metrics" metrics {} }
  location { path: "/status.json" status_json {} }
  access_log { path: "access.log" buffer_bytes: 0 }
})");
}

constexpr char kDirect[] = "listen { address: '127.0.0.1:0' name: 'direct' }\n";
constexpr char kBehind[] =
    "listen { address: '127.0.0.1:0' name: 'behind' proxy_protocol { from: '127.0.0.1' } }\n";

std::string AddressOf(RunningMaster& muster, int listener) {
  return muster.Status().master().listen(listener);
}

// What the handler sees; empty: there was no answer.
std::string Body(const std::optional<HttpResponse>& response) {
  return response.has_value() ? response->body : "";
}

// By all workers, as the page says that the first listener shows, which needs no header.
int Refused(RunningMaster& muster, const std::string& reason) {
  const std::string page = Body(FetchOnce(AddressOf(muster, 0), "/metrics"));
  const std::string name = absl::StrCat("reason=\"", reason, "\"} ");
  EXPECT_THAT(page, HasSubstr(name));
  int sum = 0;
  for (std::size_t at = page.find(name); at != std::string::npos; at = page.find(name, at + 1)) {
    sum += std::stoi(page.substr(at + name.size()));
  }
  return sum;
}

class OriginBy : public testing::TestWithParam<const char*> {};

TEST_P(OriginBy, IsThatOfTheKernelOrOfTheProxysHeader) {
  RunningMaster muster(
      Config(absl::StrCat(kDirect, kBehind,
                          "listen { address: 'unix:site.sock' name: 'local' }\n"
                          "listen { address: 'unix:proxy.sock' name: 'l2' proxy_protocol {} }\n"),
             absl::StrCat("accept: ", GetParam(), "\n")),
      kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  EXPECT_THAT(Body(FetchOnce(AddressOf(muster, 0), "/who")), Eq("127.0.0.1 by direct\n"));
  for (const auto& [header, who] : {std::pair<std::string, std::string>(kHeader, "192.0.2.1"),
                                    {kBinaryHeader, "2001:db8::7"}}) {
    HttpClient client(AddressOf(muster, 1));
    // With the first request, as one packet.
    ASSERT_TRUE(client.Send(header + kGet));
    EXPECT_EQ(Body(client.Receive()), who + " by behind\n");
    EXPECT_EQ(Body(client.Get("/who")), who + " by behind\n");
    // A byte now and then.
    HttpClient slow(AddressOf(muster, 1));
    for (const char byte : header) ASSERT_TRUE(slow.Send(std::string(1, byte)));
    EXPECT_EQ(Body(slow.Get("/who")), who + " by behind\n");
  }
  // The request at hand of the worker that answers.
  HttpClient watched(AddressOf(muster, 1));
  ASSERT_TRUE(watched.Send(kHeader));
  EXPECT_THAT(Body(watched.Get("/status.json")), HasSubstr("\"192.0.2.1:4711\""));
  HttpClient check(AddressOf(muster, 1));
  ASSERT_TRUE(check.Send("PROXY UNKNOWN\r\n"));
  EXPECT_THAT(Body(check.Get("/who")), Eq("127.0.0.1 by behind\n"));

  const auto ask_unix = [&](const std::string& name, const std::string& bytes) {
    const auto address = listen::Address::Parse("unix:" + muster.path(name));
    const ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), address->get(), address->size()), 0);
    ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(fd.get(), SHUT_WR);
    std::string answer(4096, '\0');
    const ssize_t size = ::recv(fd.get(), answer.data(), answer.size(), 0);
    return answer.substr(0, static_cast<std::size_t>(size < 0 ? 0 : size));
  };
  EXPECT_THAT(ask_unix("site.sock", kGet),
              HasSubstr(absl::StrCat("unix: by local, uid ", ::geteuid(), "\n")));
  EXPECT_THAT(ask_unix("proxy.sock", absl::StrCat(kHeader, kGet)),
              HasSubstr(absl::StrCat("192.0.2.1 by l2, uid ", ::geteuid(), "\n")));

  const std::string log = ReadFile(muster.path("access.log"));
  EXPECT_THAT(log, HasSubstr("\n192.0.2.1 - - ["));
  EXPECT_THAT(log, HasSubstr("\n2001:db8::7 - - ["));
}

INSTANTIATE_TEST_SUITE_P(Accept, OriginBy, testing::Values("EXCLUSIVE", "MUTEX", "REUSEPORT"),
                         [](const auto& each) { return std::string(each.param); });

TEST(Origin, StaysWhatItWasWhenAReloadRenamesOrRemovesTheListener) {
  RunningMaster muster(Config(absl::StrCat(kDirect, kBehind)), kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient direct(AddressOf(muster, 0));
  HttpClient proxied(AddressOf(muster, 1));
  const std::string who_directly = Body(direct.Get("/who"));
  EXPECT_THAT(who_directly, HasSubstr(" by direct\n"));
  ASSERT_TRUE(proxied.Send(kBinaryHeader));
  EXPECT_EQ(Body(proxied.Get("/who")), "2001:db8::7 by behind\n");

  muster.WriteConfig(Config("listen { address: '127.0.0.1:0' name: 'renamed' }\n"));
  for (std::uint64_t generation = 2; generation <= 3; ++generation) {
    const Finished reload = muster.Ctl({"reload"});
    ASSERT_EQ(reload.exit, 0) << reload.errors;
    ASSERT_TRUE(AwaitGeneration(muster, generation));
    EXPECT_EQ(Body(direct.Get("/who")), who_directly);
    EXPECT_EQ(Body(proxied.Get("/who")), "2001:db8::7 by behind\n");
  }
  EXPECT_THAT(Body(FetchOnce(AddressOf(muster, 0), "/who")), HasSubstr(" by renamed\n"));
}

TEST(Origin, IsThatOfASessionAlsoAfterAReloadThatRemovesTheListener) {
  const auto config = [](const std::string& listeners) {
    return absl::StrCat(listeners, "\nadmin { listen: \"unix:admin.sock\" }\n",
                        "pid_file: \"muster.pid\"\nworker_processes: 1\nservice {}\n");
  };
  RunningMaster muster(config(absl::StrCat(kDirect, kBehind)), "examples/whoami/whoami_stream");
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  LineClient direct(AddressOf(muster, 0));
  LineClient proxied(AddressOf(muster, 1));
  LineClient begun(AddressOf(muster, 1));
  ASSERT_TRUE(begun.SendBytes(std::string(kHeader).substr(0, 20)));
  ASSERT_TRUE(proxied.SendBytes(kBinaryHeader));
  ASSERT_TRUE(proxied.Send("?"));
  EXPECT_EQ(proxied.Receive(), "2001:db8::7 by behind");
  ASSERT_TRUE(direct.Send("?"));
  EXPECT_EQ(direct.Receive(), "127.0.0.1 by direct");

  muster.WriteConfig(config("listen { address: '127.0.0.1:0' name: 'renamed' }\n"));
  const Finished reload = muster.Ctl({"reload"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  ASSERT_TRUE(AwaitGeneration(muster, 2));
  ASSERT_TRUE(proxied.Send("?"));
  EXPECT_EQ(proxied.Receive(), "2001:db8::7 by behind");
  ASSERT_TRUE(direct.Send("?"));
  EXPECT_EQ(direct.Receive(), "127.0.0.1 by direct");
  ASSERT_TRUE(begun.SendBytes(std::string(kHeader).substr(20)));
  ASSERT_TRUE(begun.Send("?"));
  EXPECT_EQ(begun.Receive(), "192.0.2.1 by behind");
}

TEST(Origin, IsReadAfterAReloadFromAHeaderThatBeganBefore) {
  RunningMaster muster(Config(absl::StrCat(kDirect, kBehind)), kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string behind = AddressOf(muster, 1);
  const std::string header = kHeader;
  HttpClient silent(behind);
  HttpClient begun(behind);
  ASSERT_TRUE(begun.Send(header.substr(0, 20)));
  // By now the worker has accepted both.
  HttpClient third(behind);
  ASSERT_TRUE(third.Send(header));
  ASSERT_EQ(Body(third.Get("/who")), "192.0.2.1 by behind\n");

  // With the listener goes its proxy_protocol.
  muster.WriteConfig(Config(kDirect));
  const Finished reload = muster.Ctl({"reload"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  ASSERT_TRUE(AwaitGeneration(muster, 2));
  ASSERT_TRUE(begun.Send(header.substr(20)));
  EXPECT_EQ(Body(begun.Get("/who")), "192.0.2.1 by behind\n");
  ASSERT_TRUE(silent.Send(kBinaryHeader));
  EXPECT_EQ(Body(silent.Get("/who")), "2001:db8::7 by behind\n");
}

TEST(Origin, IsReadOfClientsThatWaitInAListenerWhichAReloadRemoves) {
  RunningMaster muster(
      Config(absl::StrCat(kDirect, kBehind), "drain_ack_timeout: { nanos: 1000000 }\n"), kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string behind = AddressOf(muster, 1);
  const std::vector<pid_t> old = muster.WorkerPids();
  for (const pid_t pid : old) ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  std::vector<HttpClient> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back(behind);
    ASSERT_TRUE(waiting.back().Send(absl::StrCat(kHeader, kGet)));
  }
  HttpClient bad(behind);
  ASSERT_TRUE(bad.Send(kGet));
  muster.WriteConfig(Config(kDirect));
  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
  for (HttpClient& client : waiting) {
    EXPECT_EQ(Body(client.Receive()), "192.0.2.1 by behind\n");
  }
  EXPECT_FALSE(bad.Receive().has_value());
  for (const pid_t pid : old) ::kill(pid, SIGCONT);
  EXPECT_EQ(Refused(muster, "proxy_protocol"), 1);
}

TEST(Origin, IsClaimedByConfiguredProxiesOnly) {
  RunningMaster muster(
      Config(absl::StrCat(kDirect,
                          "listen { address: '127.0.0.1:0' name: 'strict' "
                          "  proxy_protocol { from: '10.0.0.0/8' } }\n"
                          "listen { address: '127.0.0.1:0' name: 'mixed' "
                          "  proxy_protocol { from: '10.0.0.0/8' others: DIRECT } }\n")),
      kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient stranger(AddressOf(muster, 1));
  stranger.Send(absl::StrCat(kHeader, kGet));
  EXPECT_FALSE(stranger.Receive().has_value());
  EXPECT_EQ(Refused(muster, "proxy_protocol"), 1);
  EXPECT_THAT(
      muster.master().errors(),
      ContainsRegex("listener strict: a connection of 127.0.0.1:[0-9]+ is closed: it is not "
                    "from an address of proxy_protocol.from"));

  EXPECT_THAT(Body(FetchOnce(AddressOf(muster, 2), "/who")), HasSubstr(" by mixed\n"));
  HttpClient liar(AddressOf(muster, 2));
  ASSERT_TRUE(liar.Send(absl::StrCat(kHeader, kGet)));
  const auto answer = liar.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 501) << "PROXY is no method that it knows";
  EXPECT_THAT(ReadFile(muster.path("access.log")), Not(HasSubstr("\n192.0.2.1 ")));
}

TEST(Origin, IsNotWaitedForLongerThanItsTimeout) {
  RunningMaster muster(
      Config(absl::StrCat(kDirect,
                          "listen { address: '127.0.0.1:0' name: 'behind' proxy_protocol { "
                          "  from: '127.0.0.1' timeout { nanos: 50000000 } } }\n")),
      kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient slow(AddressOf(muster, 1));
  ASSERT_TRUE(slow.Send("PROXY TCP4 "));
  EXPECT_FALSE(slow.Receive().has_value());
  HttpClient wrong(AddressOf(muster, 1));
  ASSERT_TRUE(wrong.Send(kGet));
  EXPECT_FALSE(wrong.Receive().has_value());
  EXPECT_EQ(Refused(muster, "proxy_protocol"), 2);
  EXPECT_THAT(muster.master().errors(), HasSubstr("its header was not complete within"));
  EXPECT_THAT(muster.master().errors(), HasSubstr("its header is none of the PROXY protocol"));
}

TEST(Origin, MayHaveSoManyConnectionsAlsoAfterAReload) {
  RunningMaster muster(Config(absl::StrCat(kDirect,
                                           "listen { address: '127.0.0.1:0' name: 'behind' "
                                           "  proxy_protocol { from: '127.0.0.1' } "
                                           "  max_connections_per_client: 2 }\n")),
                       kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string behind = AddressOf(muster, 1);
  const auto connect = [&](const std::string& header) {
    HttpClient client(behind);
    client.Send(header + kGet);
    return client;
  };
  HttpClient first = connect(kHeader);
  HttpClient second = connect(kHeader);
  EXPECT_EQ(Body(first.Receive()), "192.0.2.1 by behind\n");
  EXPECT_EQ(Body(second.Receive()), "192.0.2.1 by behind\n");
  EXPECT_FALSE(connect(kHeader).Receive().has_value());
  EXPECT_TRUE(connect(kBinaryHeader).Receive().has_value());
  EXPECT_EQ(Refused(muster, "over_limit"), 1);

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(AwaitGeneration(muster, 2));
  // Both are the new worker's by then, which has taken them one after the other.
  EXPECT_EQ(Body(first.Get("/who")), "192.0.2.1 by behind\n");
  EXPECT_EQ(Body(second.Get("/who")), "192.0.2.1 by behind\n");
  EXPECT_FALSE(connect(kHeader).Receive().has_value());
  first.Close();
  // The worker sees the end of it after a while.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  bool is_served = false;
  while (!is_served && std::chrono::steady_clock::now() < deadline) {
    is_served = connect(kHeader).Receive().has_value();
  }
  EXPECT_TRUE(is_served);
  EXPECT_THAT(muster.master().errors(),
              HasSubstr("its client has 2 at this worker, which is max_connections_per_client"));
}

}  // namespace
}  // namespace muster::tests
