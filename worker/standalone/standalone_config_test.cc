#include "muster/worker/standalone/standalone_config.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/worker.pb.h"

namespace muster::worker {
namespace {

using config::v1::Config;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StandaloneConfigTest : public testing::Test {
 protected:
  ~StandaloneConfigTest() override { std::filesystem::remove(path_); }

  absl::StatusOr<StandaloneConfig> Read(const std::string& more) const {
    std::ofstream(path_)
        << "listen { address: '127.0.0.1:0' } http { location { path: '/' return {} } }\n"
        << more;
    v1::Description description;
    description.set_version("0.1.0");
    return ReadStandaloneConfig(path_, testing::TempDir(), description);
  }

  const std::string path_ =
      absl::StrCat(testing::TempDir(), "/standalone_config_test.", ::getpid(), ".textproto");
};

// An example of each field of the configuration, so that a new one is decided upon.
TEST_F(StandaloneConfigTest, SaysOfEachFieldWhetherItHasAnEffect) {
  const std::map<std::string, std::string> for_masters = {
      {"worker_processes", ": 2"},
      {"ready_timeout", " { seconds: 1 }"},
      {"drain_ack_timeout", " { seconds: 1 }"},
      {"max_generations", ": 2"},
      {"restart", " {}"},
      {"crash_loop_limit", ": 2"},
      {"heartbeat_timeout", " { seconds: 2 }"},
      {"hung_worker", ": KILL"},
      {"trial", " { duration { seconds: 9 } }"},
      {"pid_file", ": 'm.pid'"},
      {"admin", " { listen: 'unix:m.sock' }"},
      {"worker_binary", ": 'w'"},
      {"user", ": 'root'"},
      {"group", ": 'root'"},
      {"supplementary_group", ": 'root'"},
      {"no_new_privs", ": false"},
      {"limits", " { nofile: 100 }"},
      {"nice", ": 1"},
      {"cpu_affinity", ": 'AUTO'"},
      {"hand_off_between_users", ": true"},
  };
  const std::map<std::string, std::string> for_workers = {
      {"listen", " { address: '127.0.0.2:0' }"},
      {"accept", ": MUTEX"},
      {"worker_connections", ": 7"},
      {"accept_delay", " { seconds: 1 }"},
      {"shutdown_timeout", " { seconds: 1 }"},
      {"log", " { level: DEBUG }"},
      {"zone", " { name: 'z' size_bytes: 1048576 }"},
      {"metrics", " {}"},
      {"threads", " {}"},
      {"http", ""},     // it is in each
      {"service", ""},  // it needs a type that the program knows
      {"environment", " { name: 'A' value: 'b' }"},
      {"working_directory", ": '/'"},
      {"stop_signal_is_graceful", ": true"},
      {"sandbox", ": LOG"},
      {"stream", " {}"},
  };
  for (int i = 0; i < Config::descriptor()->field_count(); ++i) {
    const std::string& name = Config::descriptor()->field(i)->name();
    const bool is_for_masters = for_masters.contains(name);
    ASSERT_TRUE(is_for_masters || for_workers.contains(name)) << name;
    const std::string& example = is_for_masters ? for_masters.at(name) : for_workers.at(name);
    if (example.empty()) continue;
    const auto read = Read(absl::StrCat(name, example, "\n"));
    EXPECT_TRUE(read.ok()) << name << ": " << read.status();
    if (!read.ok()) continue;
    if (is_for_masters) {
      EXPECT_THAT(read->ignored, ElementsAre(name));
    } else {
      EXPECT_THAT(read->ignored, IsEmpty()) << name;
    }
  }
}

TEST_F(StandaloneConfigTest, IsOfOneWorkerThatLogsToItsTerminal) {
  const auto read = Read("worker_processes: 5 log { path: 'm.log' level: DEBUG }\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->config.worker_processes(), 1u);
  EXPECT_FALSE(read->config.log().has_path());
  EXPECT_EQ(read->config.log().level(), config::v1::Log::DEBUG);
  EXPECT_THAT(read->ignored, ElementsAre("worker_processes", "log.path"));
}

TEST_F(StandaloneConfigTest, HasNoSandboxAndTellsWhetherOneWasWanted) {
  for (const auto& [text, had] : std::map<std::string, bool>{
           {"", true}, {"sandbox: LOG\n", true}, {"sandbox: OFF\n", false}}) {
    const auto read = Read(text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->config.sandbox(), Config::OFF);
    EXPECT_EQ(read->had_sandbox, had) << text;
  }
}

TEST_F(StandaloneConfigTest, IsRefusedWithThePlaceOfAMistake) {
  const auto read = Read("worker_connections: 0\n");
  ASSERT_FALSE(read.ok());
  EXPECT_TRUE(absl::StrContains(read.status().message(), ":2:21: worker_connections"))
      << read.status();
}

}  // namespace
}  // namespace muster::worker
