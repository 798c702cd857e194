#include "muster/worker/sandbox/file_rules.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

config::v1::Config Parsed(const std::string& text) {
  config::v1::Config config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return config;
}

TEST(FileRules, AreOfAllThatTheConfigurationNames) {
  const auto config = Parsed(R"(
    log { path: "/logs/error.log" }
    pid_file: "/run/muster.pid"
    http {
      location {
        path: "/" root: "/site"
        error_page { status: 404 file: "/pages/404.html" }
        error_page { status: 500 body: "sorry" }
      }
      location { path: "/metrics" metrics {} }
      error_page { status: 403 file: "/pages/403.html" }
      access_log { path: "/logs/access.log" }
    })");
  EXPECT_THAT(FileRules(config, {}),
              UnorderedElementsAre(FileRule{"/logs/error.log", FileUse::kLog},
                                   FileRule{"/logs/access.log", FileUse::kLog},
                                   FileRule{"/site", FileUse::kRead},
                                   FileRule{"/pages/404.html", FileUse::kRead},
                                   FileRule{"/pages/403.html", FileUse::kRead}));
}

TEST(FileRules, AreOfWhatTheProgramNeeds) {
  EXPECT_THAT(FileRules({}, {.read = {"/etc/hosts"}, .write = {"/var/lib/chat"}}),
              UnorderedElementsAre(FileRule{"/etc/hosts", FileUse::kRead},
                                   FileRule{"/var/lib/chat", FileUse::kChange}));
}

TEST(FileRules, LeaveOutTheFolderOfWhatWasInherited) {
  const auto config =
      Parsed("log { path: '/dev/stderr' } http { access_log { path: '/dev/stdout' } }");
  EXPECT_THAT(FileRules(config, {}), IsEmpty());
}

TEST(FileRules, OfEachProcessHaveItsProgramForTheNamesInAStack) {
  EXPECT_THAT(FileRulesOfProcess(), Contains(FileRule{"/proc/self/exe", FileUse::kRead}));
}

}  // namespace
}  // namespace muster::worker
