#include "muster/master/deployment/deployment.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/config/identified_config.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kProgram[] = "/bin/sh";  // any

class DeploymentTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/muster-deployment-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file() const { return folder_ + "/m.textproto"; }

  // The configuration is `lines`, its first line 1, and what else it needs.
  absl::StatusOr<Deployment> Prepare(const std::string& lines,
                                     const std::string& worker = kProgram) {
    std::ofstream(file()) << lines << "\nhttp { location { path: '/' return {} } }\n";
    absl::StatusOr<IdentifiedConfig> checked = ReadIdentifiedFile(file(), folder_, nullptr);
    if (!checked.ok()) return checked.status();
    if (before_) before_();
    WorkerFinder finder(worker);
    return PrepareDeployment(*std::move(checked), finder, current_.listeners, current_.zones);
  }
  std::string WhyNot(const std::string& lines, const std::string& worker = kProgram) {
    return std::string(Prepare(lines, worker).status().message());
  }

  std::string folder_;
  Deployment current_;
  std::function<void()> before_;  // happens between the check and the making
};

TEST_F(DeploymentTest, NamesThePlaceOfAnAddressThatIsInUse) {
  auto first = Prepare("listen { address: '127.0.0.1:0' }");
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(first->listeners.Listen().ok());
  const std::string address = first->listeners.addresses().at(0);
  const auto second = Prepare(absl::StrCat("listen { address: '127.0.0.1:0' }\n",
                                           "listen {\n  address: '", address, "' }"));
  EXPECT_TRUE(absl::IsAlreadyExists(second.status()));
  EXPECT_EQ(second.status().message(),
            absl::StrCat(file(), ":3:12: listen[1].address: bind ", address,
                         ": Address already in use; another process listens there"));
}

TEST_F(DeploymentTest, NamesThePlaceOfAnAddressThatThisMachineDoesNotHave) {
  EXPECT_EQ(WhyNot("listen { address: '192.0.2.1:0' }"),
            file() + ":1:19: listen[0].address: bind 192.0.2.1:0: Cannot assign requested address");
}

TEST_F(DeploymentTest, NamesThePlaceOfAZoneThatIsTooLarge) {
  EXPECT_THAT(WhyNot("listen { address: '127.0.0.1:0' }\n"
                     "zone { name: 'a' size_bytes: 4096 }\n"
                     "zone { name: 'b' size_bytes: 1099511627776 }"),
              StartsWith(file() + ":3:30: zone[1].size_bytes: zone \"b\": 1099511627776 bytes are "
                                  "more than half of this machine's memory"));
}

TEST_F(DeploymentTest, NamesThePlaceOfAZoneWhoseSizeWouldChange) {
  auto first = Prepare("listen { address: '127.0.0.1:0' } zone { name: 'a' size_bytes: 1 }");
  ASSERT_TRUE(first.ok()) << first.status();
  current_ = *std::move(first);
  EXPECT_THAT(WhyNot("listen { address: '127.0.0.1:0' }\nzone { size_bytes: 4097 name: 'a' }"),
              StartsWith(file() + ":2:20: zone[0].size_bytes: zone \"a\": has 1 byte, which a "
                                  "reload cannot change to 4097"));
}

TEST_F(DeploymentTest, NamesThePlaceOfALogThatCannotBeOpened) {
  before_ = [this] { ::mkdir((folder_ + "/m.log").c_str(), 0700); };
  EXPECT_EQ(WhyNot("listen { address: '127.0.0.1:0' }\nlog { path: 'm.log' }"),
            absl::StrCat(file(), ":2:13: log.path: open ", folder_, "/m.log: Is a directory"));
}

TEST_F(DeploymentTest, NamesThePlaceOfAFileWhoseFolderCannotBeMade) {
  before_ = [this] { std::ofstream(folder_ + "/logs") << "a file"; };
  std::ofstream(file()) << "listen { address: '127.0.0.1:0' }\n"
                           "http { location { path: '/' return {} }\n"
                           "  access_log { path: 'logs/access.log' } }";
  auto checked = ReadIdentifiedFile(file(), folder_, nullptr);
  ASSERT_TRUE(checked.ok()) << checked.status();
  before_();
  WorkerFinder finder(kProgram);
  const auto deployment = PrepareDeployment(*std::move(checked), finder, ListenerSet());
  EXPECT_EQ(deployment.status().message(),
            absl::StrCat(file(), ":3:22: http.access_log.path: make the folder ", folder_,
                         "/logs: Not a directory"));
}

TEST_F(DeploymentTest, NamesThePlaceOfAWorkerProgramThatIsGone) {
  const std::string program = folder_ + "/program";
  std::filesystem::copy_file(kProgram, program);
  before_ = [&] { std::filesystem::remove(program); };
  EXPECT_EQ(WhyNot("worker_binary: 'program' listen { address: '127.0.0.1:0' }", ""),
            absl::StrCat(file(), ":1:16: worker_binary: worker program ", program,
                         ": No such file or directory"));
}

TEST_F(DeploymentTest, NamesTheFlagThatNamesAWorkerProgramThatCannotBeRun) {
  EXPECT_EQ(WhyNot("listen { address: '127.0.0.1:0' }", "/etc/passwd"),
            "--worker: worker program /etc/passwd: Permission denied");
}

TEST_F(DeploymentTest, SaysWhatNamedTheWorkerProgramThatCannotBeStarted) {
  const absl::Status trouble = absl::InternalError("start /w: Exec format error");
  auto by_flag = Prepare("listen { address: '127.0.0.1:0' }");
  ASSERT_TRUE(by_flag.ok()) << by_flag.status();
  EXPECT_EQ(by_flag->ExplainWorker(trouble).message(), "--worker: start /w: Exec format error");
  auto by_field = Prepare("worker_binary: '/bin/sh' listen { address: '127.0.0.1:0' }", "");
  ASSERT_TRUE(by_field.ok()) << by_field.status();
  EXPECT_EQ(by_field->ExplainWorker(trouble).message(),
            file() + ":1:16: worker_binary: start /w: Exec format error");
}

}  // namespace
}  // namespace muster::master
