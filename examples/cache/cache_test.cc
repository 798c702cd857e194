// The whole program, by the test kit.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/testkit/line_client.h"
#include "muster/worker/testkit/running_master.h"

namespace muster::examples {
namespace {

using ::testing::HasSubstr;
using worker::testkit::LineClient;
using worker::testkit::RunningMaster;

class CacheTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(master_.ok()) << master_.status(); }

  std::string address() const { return (*master_)->address(); }

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

  const absl::StatusOr<std::unique_ptr<RunningMaster>> master_ = RunningMaster::Start({
      .config = R"(
        worker_processes: 2
        listen { address: "127.0.0.1:0" }
        zone { name: "cache" size_bytes: 75497472 }
        stream { max_session_bytes: 1114112 }
        service { [type.googleapis.com/muster.examples.cache.v1.Cache] {} }
      )",
      .worker = "examples/cache/cache",
  });
};

// What the command prints, and its exit status behind that.
std::string OutputOf(const std::string& command) {
  std::FILE* const pipe = ::popen(absl::StrCat(command, " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "it cannot be run";
  std::string output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof(buffer), pipe)) {
    output.append(buffer, got);
  }
  return absl::StrCat(output, "status ", ::pclose(pipe));
}

TEST_F(CacheTest, IsAsItsProtocolSays) {
  const std::string port = address().substr(address().rfind(':') + 1);
  EXPECT_THAT(OutputOf(absl::StrCat("/usr/bin/memccapable -h 127.0.0.1 -p ", port, " -a")),
              ::testing::AllOf(HasSubstr("All tests passed"), ::testing::EndsWith("status 0")));
}

TEST_F(CacheTest, AnswersInTheOrderOfTheRequests) {
  LineClient client(address());
  EXPECT_EQ(
      Ask(client, "set a 7 0 1\r\nx\r\nget a b\r\nincr a 1\r\nnonsense\r\ndelete a\r\n", "DELETED"),
      (Lines{"STORED", "VALUE a 7 1", "x", "END",
             "CLIENT_ERROR cannot increment or decrement non-numeric value", "ERROR", "DELETED"}));
}

TEST_F(CacheTest, GoesOnAfterABlockThatIsWrong) {
  LineClient client(address());
  EXPECT_EQ(Ask(client, "set a 0 0 1\r\nxyz\r\nset b 0 0 1\r\ny\r\nget a b\r\n", "END"),
            (Lines{"CLIENT_ERROR bad data chunk", "STORED", "VALUE b 0 1", "y", "END"}));
  const std::string large(3 << 20, 'x');
  EXPECT_EQ(
      Ask(client, absl::StrCat("set b 0 0 ", large.size(), "\r\n", large, "\r\nget b\r\n"), "END"),
      (Lines{"SERVER_ERROR object too large for cache", "END"}));
}

TEST_F(CacheTest, SendsAnyNumberOfLargeValues) {
  LineClient client(address());
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
  LineClient client(address());
  const std::string half(400'000, 'h');
  ASSERT_EQ(Ask(client, "set a 0 0 1\r\nx\r\n", "STORED"), (Lines{"STORED"}));
  ASSERT_TRUE(client.SendBytes(absl::StrCat("set b 0 0 800000\r\n", half)));
  ASSERT_TRUE((*master_)->Reload().ok());
  ASSERT_TRUE((*master_)->AwaitOldWorkersEnd().ok());
  EXPECT_EQ(Ask(client, absl::StrCat(half, "\r\nget a b\r\n"), "END"),
            (Lines{"STORED", "VALUE a 0 1", "x", "VALUE b 0 800000", half + half, "END"}));
}

TEST_F(CacheTest, KeepsItsDataWhenWorkersAreKilled) {
  {
    LineClient client(address());
    std::string sets;
    for (int i = 0; i < 1000; ++i) absl::StrAppend(&sets, "set k", i, " 0 0 1 noreply\r\nx\r\n");
    ASSERT_EQ(Ask(client, sets + "version\r\n", "VERSION").size(), 1u);
  }
  for (const std::uint32_t worker : {0, 1}) {
    ASSERT_TRUE((*master_)->KillWorker(worker).ok()) << (*master_)->log();
  }
  LineClient client(address());
  std::string gets = "get";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&gets, " k", i);
  EXPECT_EQ(Ask(client, gets + "\r\n", "END").size(), 2001u);
}

}  // namespace
}  // namespace muster::examples
