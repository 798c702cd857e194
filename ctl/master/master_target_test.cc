#include "muster/ctl/master/master_target.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kMasters[] =
    "master { name: \"here\" address: \"unix:run/admin.sock\" }\n"
    "master { name: \"web\" address: \"web.example:9000\" certificate: \"op.pem\" key: \"op.key\"\n"
    "         server_ca: \"/etc/ca.pem\" }\n"
    "master { name: \"six\" address: \"[::1]:9000\" certificate: \"c\" key: \"k\" server_ca: "
    "\"s\"\n"
    "         server_name: \"six.example\" }\n"
    "master { name: \"lab\" address: \"lab:9001\" insecure: true }\n";

class FindMasters : public ::testing::Test {
 protected:
  std::vector<MasterTarget> Found(const std::optional<std::string>& masters,
                                  bool is_insecure = false) {
    auto targets = Try(masters, is_insecure);
    EXPECT_TRUE(targets.ok()) << targets.status();
    return targets.ok() ? *std::move(targets) : std::vector<MasterTarget>();
  }

  std::string MistakeOf(const std::string& masters) {
    return std::string(Try(masters, false).status().message());
  }

  absl::StatusOr<std::vector<MasterTarget>> Try(const std::optional<std::string>& masters,
                                                bool is_insecure) {
    return ctl::FindMasters({.masters = masters, .is_insecure = is_insecure}, surroundings_,
                            [this] { return NamedMasters::Parse(text_, "/etc/m/ctl.textproto"); });
  }

  // A file in a folder whose path is short enough for a socket's.
  void Touch(const std::string& name) {
    char folder[] = "/tmp/master_target_test.XXXXXX";
    surroundings_.directory = ::mkdtemp(folder);
    std::ofstream(surroundings_.directory + "/" + name).close();
  }
  ~FindMasters() override {
    if (surroundings_.directory != "/home/op") {
      std::filesystem::remove_all(surroundings_.directory);
    }
  }

  std::string text_ = kMasters;
  Surroundings surroundings_ = {.directory = "/home/op", .workspace = {}, .config_file = {}};
};

TEST_F(FindMasters, TakesSockets) {
  const auto found = Found("unix:/run/a.sock");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "unix:/run/a.sock");
  EXPECT_THAT(found[0].paths, ElementsAre("/run/a.sock"));
}

TEST_F(FindMasters, TakesNames) {
  const auto found = Found("here");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "here");
  EXPECT_THAT(found[0].paths, ElementsAre("/etc/m/run/admin.sock"));
}

TEST_F(FindMasters, TakesCertificatesFromTheFolderOfTheirFile) {
  const auto found = Found("web");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].paths, IsEmpty());
  EXPECT_EQ(found[0].host, "web.example");
  EXPECT_EQ(found[0].port, "9000");
  ASSERT_TRUE(found[0].tls.has_value());
  EXPECT_EQ(found[0].tls->certificate, "/etc/m/op.pem");
  EXPECT_EQ(found[0].tls->key, "/etc/m/op.key");
  EXPECT_EQ(found[0].tls->server_ca, "/etc/ca.pem");
  EXPECT_EQ(found[0].tls->server_name, "web.example");
}

TEST_F(FindMasters, TakesTheCertificatesOfAnAddressFromItsEntry) {
  const auto found = Found("[::1]:9000");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].host, "::1");
  ASSERT_TRUE(found[0].tls.has_value());
  EXPECT_EQ(found[0].tls->server_name, "six.example");
}

TEST_F(FindMasters, GoesWithoutTlsOnlyIfSomebodySaysSo) {
  EXPECT_FALSE(Found("lab")[0].tls.has_value());
  EXPECT_FALSE(Found("127.0.0.1:9", /*is_insecure=*/true)[0].tls.has_value());
  EXPECT_EQ(MistakeOf("127.0.0.1:9"),
            "master address \"127.0.0.1:9\": over TCP both sides show a certificate: add a master "
            "with this address to /etc/m/ctl.textproto, or say --insecure");
}

TEST_F(FindMasters, TakesSeveral) {
  const auto found = Found("here,/run/a.sock,lab");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].label, "here");
  EXPECT_EQ(found[1].label, "/run/a.sock");
  EXPECT_EQ(found[2].label, "lab");
}

TEST_F(FindMasters, TakesAPathWithACommaIfItIsThere) {
  Touch("a,b.sock");
  EXPECT_EQ(Found("a,b.sock").size(), 1u);
}

TEST_F(FindMasters, TakesAFileWithoutASlashIfNoMasterHasThatName) {
  Touch("socket");
  EXPECT_EQ(Found("socket")[0].paths[0], surroundings_.directory + "/socket");
}

TEST_F(FindMasters, TakesTheDefaultMaster) {
  text_ += "default_master: \"lab\"";
  EXPECT_EQ(Found(std::nullopt)[0].label, "lab");
}

TEST_F(FindMasters, TakesTheUsualPlacesWithoutADefault) {
  EXPECT_EQ(Found(std::nullopt)[0].paths.size(), 3u);
}

TEST_F(FindMasters, TellsWhichNamesThereAre) {
  EXPECT_EQ(
      MistakeOf("prod"),
      "no master has the name \"prod\"; /etc/m/ctl.textproto has here, web, six, lab. To name "
      "a socket, write ./prod");
  EXPECT_EQ(MistakeOf("wbe"), "no master has the name \"wbe\"; did you mean \"web\"?");
  text_ = "";
  EXPECT_EQ(
      MistakeOf("prod"),
      "no master has the name \"prod\"; no master has a name in /etc/m/ctl.textproto. To name "
      "a socket, write ./prod");
}

TEST_F(FindMasters, RefusesWhatIsNoAddress) {
  EXPECT_EQ(MistakeOf("::1:9000"),
            "master address \"::1:9000\": write an IPv6 address in brackets: [::1]:9000");
  EXPECT_EQ(MistakeOf("[web]:9000"),
            "master address \"[web]:9000\": only an IPv6 address has brackets, as [::1]:9000");
  EXPECT_EQ(MistakeOf("web:70000"),
            "master address \"web:70000\": \"70000\" is no port; write 1 to 65535");
  EXPECT_EQ(MistakeOf(":9000"), "master address \":9000\": the host is missing");
  EXPECT_EQ(MistakeOf("here,"), "master address \"\": the path is missing");
}

TEST_F(FindMasters, ReadsTheFileOnlyIfItIsNeeded) {
  text_ = "not what it should be";
  EXPECT_EQ(Found("/run/a.sock").size(), 1u);
  EXPECT_EQ(Found("unix:a.sock").size(), 1u);
  EXPECT_FALSE(Try("here", false).ok());
  EXPECT_FALSE(Try(std::nullopt, false).ok());
}

}  // namespace
}  // namespace muster::ctl
