// What a worker was at when it died, and what it said: in the log, in the status, in the events,
// and on the page that any other worker shows.

#include <signal.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLocations[] =
    "location { path: '/crash/' handler: 'crash' }\n"
    "location { path: '/status' status_json {} }\n"
    "location { path: '/public' status_json { hide_details: true } }\n";

class LastRequestTest : public testing::Test {
 protected:
  explicit LastRequestTest(const std::string& log = "access_log { path: \"access.log\" }")
      : muster_(absl::StrReplaceAll(RunningMaster::ConfigOfOneWorker("", kLocations),
                                    {{"access_log { path: \"access.log\" }", log}}),
                "worker/testing/crashing_worker") {}
  void SetUp() override { ASSERT_TRUE(muster_.Start()) << muster_.master().errors(); }

  // Asks for a path that ends the worker, and waits until another serves. Returns the log.
  std::string CrashBy(const std::string& path) {
    const int crashes = static_cast<int>(muster_.Status().stats().crashes());
    EXPECT_FALSE(FetchOnce(muster_.address(), path).has_value());
    EXPECT_TRUE(AwaitServing(crashes + 1)) << muster_.Status().DebugString();
    return muster_.master().errors();
  }
  bool AwaitServing(int crashes) {
    return muster_.AwaitStatus([crashes](const admin::v1::Status& status) {
      return static_cast<int>(status.stats().crashes()) == crashes && status.workers_size() == 1 &&
             status.workers(0).state() == admin::v1::Worker::SERVING;
    });
  }
  std::string Page(const std::string& path) {
    const auto response = FetchOnce(muster_.address(), path);
    return response.has_value() ? response->body : "";
  }

  RunningMaster muster_;
};

TEST_F(LastRequestTest, IsInTheLineOfTheDeath) {
  EXPECT_THAT(CrashBy("/crash/segv?secret=1"),
              ContainsRegex("worker 0 of generation 1 .pid [0-9]+. was killed by SIGSEGV while it "
                            "served GET /crash/segv for 127.0.0.1:[0-9]+; starting it again"));
  EXPECT_THAT(muster_.master().errors(), Not(HasSubstr("secret")));
}

TEST_F(LastRequestTest, ComesWithTheStackOfTheCrash) {
#ifdef MUSTER_SANITIZER
  GTEST_SKIP() << "a sanitizer has its own";
#endif
  EXPECT_THAT(CrashBy("/crash/segv"),
              AllOf(HasSubstr("worker 0 of generation 1 crashed; its stack:\n*** SIGSEGV received"),
                    HasSubstr("CrashHandler::Handle()")));
}

TEST_F(LastRequestTest, IsToldWithTheCheckThatFailed) {
  EXPECT_THAT(CrashBy("/crash/check"),
              ContainsRegex("was killed by SIGABRT while it served GET /crash/check for "
                            "127.0.0.1:[0-9]+, with the last words \".*crashing_worker.cc:[0-9]+: "
                            "check failed: 1 > 2: the order is wrong\"; starting"));
  const admin::v1::Status status = muster_.Status();
  EXPECT_THAT(status.workers(0).last_words().text(), HasSubstr("the order is wrong"));
  EXPECT_NE(status.workers(0).last_words().pid(), status.workers(0).pid());
  EXPECT_EQ(status.workers(0).last_exit(), "was killed by SIGABRT");
}

TEST_F(LastRequestTest, IsToldWithTheExceptionThatNobodyCaught) {
  EXPECT_THAT(CrashBy("/crash/throw"), HasSubstr("uncaught exception: no such table\""));
}

TEST_F(LastRequestTest, IsToldOfAProcessThatExits) {
  EXPECT_THAT(CrashBy("/crash/exit"),
              ContainsRegex("exited with code 3 while it served GET /crash/exit for "));
}

TEST_F(LastRequestTest, IsOnThePageOfTheNextWorkerUnlessThatHidesIt) {
  CrashBy("/crash/check");
  EXPECT_THAT(Page("/status"),
              AllOf(HasSubstr("\"kind\": \"WORKER_CRASHED\""), HasSubstr("GET /crash/check"),
                    HasSubstr("the order is wrong"), HasSubstr("\"path\": \"/status\"")));
  EXPECT_THAT(Page("/public"),
              AllOf(HasSubstr("\"kind\": \"WORKER_CRASHED\""), Not(HasSubstr("/crash/check")),
                    Not(HasSubstr("the order is wrong")), Not(HasSubstr("127.0.0.1"))));
}

TEST_F(LastRequestTest, IsShownWhileItHangs) {
  HttpClient client(muster_.address());
  ASSERT_TRUE(client.Send("GET /crash/hang HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers(0).request().path() == "/crash/hang";
  })) << muster_.Status().DebugString();
  EXPECT_THAT(muster_.Ctl({"workers"}).output, ContainsRegex("GET /crash/hang for [0-9].*s, 127"));
  ASSERT_EQ(::kill(muster_.WorkerPids().at(0), SIGKILL), 0);
  ASSERT_TRUE(AwaitServing(1));
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr("was killed by SIGKILL while it served GET /crash/hang for 127.0.0.1:"));
}

class LastRequestWithIdTest : public LastRequestTest {
 protected:
  LastRequestWithIdTest()
      : LastRequestTest("access_log { path: 'access.log' format: '$request_id' }") {}
};

TEST_F(LastRequestWithIdTest, IsToldWithItsId) {
  HttpClient client(muster_.address());
  ASSERT_TRUE(client.Send("GET /crash/hang HTTP/1.1\r\nHost: a\r\nX-Request-ID: order-66\r\n\r\n"));
  ASSERT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers(0).request().id() == "order-66";
  })) << muster_.Status().DebugString();
  EXPECT_THAT(muster_.Ctl({"workers"}).output, HasSubstr(", id order-66"));
  ASSERT_EQ(::kill(muster_.WorkerPids().at(0), SIGKILL), 0);
  ASSERT_TRUE(AwaitServing(1));
  EXPECT_THAT(muster_.master().errors(),
              ContainsRegex("was killed by SIGKILL while it served GET /crash/hang for "
                            "127.0.0.1:[0-9]+ .id order-66.; starting it again"));
  EXPECT_THAT(Page("/status"),
              ContainsRegex("\"path\": \"/status\",[^}]*\"id\": \"[0-9a-f]{32}\""));
}

TEST_F(LastRequestTest, IsToldAsThatOfAHandlerIfTheLoopHasGoneOn) {
  HttpClient client(muster_.address());
  ASSERT_TRUE(client.Send("GET /crash/never HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers(0).request().path() == "/crash/never";
  })) << muster_.Status().DebugString();
  ASSERT_EQ(::kill(muster_.WorkerPids().at(0), SIGKILL), 0);
  ASSERT_TRUE(AwaitServing(1));
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr("was killed by SIGKILL while a handler of it had GET /crash/never for "));
}

TEST_F(LastRequestTest, IsNotToldOfAWorkerThatWasAtNone) {
  ASSERT_TRUE(FetchOnce(muster_.address(), "/crash/nothing").has_value());
  ASSERT_EQ(::kill(muster_.WorkerPids().at(0), SIGKILL), 0);
  ASSERT_TRUE(AwaitServing(1));
  EXPECT_THAT(muster_.master().errors(), HasSubstr("was killed by SIGKILL; starting it again"));
}

}  // namespace
}  // namespace muster::tests
