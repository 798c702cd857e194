#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/line_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

class CacheTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(muster_.Start()) << muster_.master().errors(); }

  // The lines of the answer to `request`, up to the one that begins with `last`.
  static std::vector<std::string> Ask(LineClient& client, const std::string& request,
                                      const std::string& last) {
    std::vector<std::string> lines;
    EXPECT_TRUE(client.SendBytes(request));
    do {
      std::optional<std::string> line = client.Receive();
      if (!line.has_value()) {
        lines.push_back("(the connection ended)");
        break;
      }
      if (!line->empty() && line->back() == '\r') line->pop_back();
      lines.push_back(*std::move(line));
    } while (lines.back().rfind(last, 0) != 0);
    return lines;
  }
  using Lines = std::vector<std::string>;

  RunningMaster muster_{ExampleConfig("cache"), ExampleWorker("cache")};
};

TEST_F(CacheTest, IsAsItsProtocolSays) {
  const std::string port = muster_.address().substr(muster_.address().rfind(':') + 1);
  ChildProcess conformance(muster_.folder(),
                           {"/usr/bin/memccapable", "-h", "127.0.0.1", "-p", port, "-a"});
  EXPECT_EQ(conformance.Wait(), 0) << conformance.output() << conformance.errors();
  EXPECT_THAT(conformance.output(), HasSubstr("All tests passed"));
}

TEST_F(CacheTest, AnswersInTheOrderOfTheRequests) {
  LineClient client(muster_.address());
  EXPECT_EQ(
      Ask(client, "set a 7 0 1\r\nx\r\nget a b\r\nincr a 1\r\nnonsense\r\ndelete a\r\n", "DELETED"),
      (Lines{"STORED", "VALUE a 7 1", "x", "END",
             "CLIENT_ERROR cannot increment or decrement non-numeric value", "ERROR", "DELETED"}));
}

TEST_F(CacheTest, GoesOnAfterABlockThatIsWrong) {
  LineClient client(muster_.address());
  EXPECT_EQ(Ask(client, "set a 0 0 1\r\nxyz\r\nset b 0 0 1\r\ny\r\nget a b\r\n", "END"),
            (Lines{"CLIENT_ERROR bad data chunk", "STORED", "VALUE b 0 1", "y", "END"}));
  const std::string large(3 << 20, 'x');
  EXPECT_EQ(
      Ask(client, absl::StrCat("set b 0 0 ", large.size(), "\r\n", large, "\r\nget b\r\n"), "END"),
      (Lines{"SERVER_ERROR object too large for cache", "END"}));
}

TEST_F(CacheTest, SendsAnyNumberOfLargeValues) {
  LineClient client(muster_.address());
  const std::string value(1'000'000, 'v');
  ASSERT_EQ(
      Ask(client, absl::StrCat("set a 0 0 ", value.size(), "\r\n", value, "\r\n"), "STORED").size(),
      1u);
  std::string line = "get";
  for (int i = 0; i < 40; ++i) line += " a";
  const Lines lines = Ask(client, line + "\r\n", "END");
  ASSERT_EQ(lines.size(), 81u);
  EXPECT_EQ(lines[79], value);
}

TEST_F(CacheTest, KeepsHalfARequestAndItsDataOverAReload) {
  LineClient client(muster_.address());
  const std::string half(400'000, 'h');
  ASSERT_EQ(Ask(client, "set a 0 0 1\r\nx\r\n", "STORED"), (Lines{"STORED"}));
  ASSERT_TRUE(client.SendBytes(absl::StrCat("set b 0 0 800000\r\n", half)));
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(AwaitGeneration(muster_, 2));
  EXPECT_EQ(Ask(client, absl::StrCat(half, "\r\nget a b\r\n"), "END"),
            (Lines{"STORED", "VALUE a 0 1", "x", "VALUE b 0 800000", half + half, "END"}));
}

TEST_F(CacheTest, KeepsItsDataWhenWorkersAreKilled) {
  {
    LineClient client(muster_.address());
    std::string sets;
    for (int i = 0; i < 1000; ++i) absl::StrAppend(&sets, "set k", i, " 0 0 1 noreply\r\nx\r\n");
    ASSERT_EQ(Ask(client, sets + "version\r\n", "VERSION").size(), 1u);
  }
  for (const pid_t pid : muster_.WorkerPids()) ASSERT_EQ(::kill(pid, SIGKILL), 0);
  ASSERT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
    return status.stats().crashes() == 2 && status.workers_size() == 2 &&
           status.workers(0).state() == admin::v1::Worker::SERVING &&
           status.workers(1).state() == admin::v1::Worker::SERVING;
  }));
  LineClient client(muster_.address());
  std::string gets = "get";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&gets, " k", i);
  EXPECT_EQ(Ask(client, gets + "\r\n", "END").size(), 2001u);
}

}  // namespace
}  // namespace muster::tests
