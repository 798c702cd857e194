// The admin service of the real master over TCP, with the real ctl. docs/SUPERVISION.md.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/running_master.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

std::string Program(const std::string& name) { return std::filesystem::absolute(name).string(); }

// The usual configuration with other addresses of the admin service.
std::string WithAdmin(const std::string& admin) {
  return absl::StrReplaceAll(RunningMaster::Config(), {{"listen: \"unix:admin.sock\"", admin}});
}

constexpr char kBoth[] = "listen: 'unix:admin.sock' listen: '127.0.0.1:0' ";
constexpr char kTls[] = "tls { certificate: 'own.pem' key: 'own.key' client_ca: 'ca.pem' } ";
constexpr char kRoles[] =
    "allow { name: 'viewers' principal: 'spiffe://viewers/*' role: VIEWER }"
    "allow { name: 'operators' principal: 'spiffe://operators/*' role: OPERATOR } ";

class AdminTls : public testing::Test {
 protected:
  void WriteFiles(const TestAuthority& authority) {
    std::ofstream(muster_.path("ca.pem")) << authority.certificate();
    authority.Issue("master", {"IP:127.0.0.1"}).WriteTo(muster_.folder(), "own");
    authority.Issue("ann", {"URI:spiffe://viewers/ann"}).WriteTo(muster_.folder(), "viewer");
    authority.Issue("bob", {"URI:spiffe://operators/bob"}).WriteTo(muster_.folder(), "operator");
  }
  // Runs ctl as who has this certificate, on the TCP address of the master.
  Finished CtlAs(const std::string& who, const std::vector<std::string>& arguments) {
    std::ofstream(muster_.path("ctl.textproto"))
        << "master { name: 'far' address: '" << address_ << "' certificate: '" << who
        << ".pem' key: '" << who << ".key' server_ca: 'ca.pem' }";
    std::vector<std::string> all = {Program("ctl/ctl"), "--ctl-config",
                                    muster_.path("ctl.textproto"), "--master", "far"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    ChildProcess child(muster_.folder(), all);
    const int exit = child.Wait().value_or(-1);
    return {.exit = exit, .output = child.output(), .errors = child.errors()};
  }
  // The master's second admin address.
  void FindAddress() {
    ASSERT_TRUE(muster_.AwaitStatus(
        [](const admin::v1::Status& status) { return status.master().admin_listen_size() == 2; }));
    address_ = muster_.Status().master().admin_listen(1);
  }

  RunningMaster muster_;
  std::string address_;
};

TEST_F(AdminTls, LetsCertificatesDoWhatTheirRolesSay) {
  WriteFiles(TestAuthority("tests"));
  muster_.WriteConfig(WithAdmin(absl::StrCat(kBoth, kTls, kRoles)));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  FindAddress();

  EXPECT_EQ(CtlAs("viewer", {"status"}).exit, 0);
  const Finished refused = CtlAs("viewer", {"reload"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.errors, HasSubstr("spiffe://viewers/ann from 127.0.0.1:"));
  EXPECT_THAT(refused.errors, HasSubstr("may not call Reload: no rule of admin.allow allows it"));
  const Finished reload = CtlAs("operator", {"reload"});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_EQ(CtlAs("viewer", {"status"}).exit, 0) << "the address stays over a reload";
  EXPECT_THAT(muster_.master().errors(), HasSubstr("spiffe://operators/bob from 127.0.0.1:"));
}

TEST_F(AdminTls, ComesAndGoesWithAReload) {
  WriteFiles(TestAuthority("tests"));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  muster_.WriteConfig(WithAdmin(absl::StrCat(kBoth, kTls, kRoles)));
  const Finished opened = muster_.Ctl({"reload"});
  ASSERT_EQ(opened.exit, 0) << opened.errors;
  FindAddress();
  EXPECT_EQ(CtlAs("viewer", {"status"}).exit, 0);

  muster_.WriteConfig(WithAdmin("listen: 'unix:admin.sock'"));
  EXPECT_EQ(CtlAs("operator", {"reload"}).exit, 0) << "its own connection stays for the answer";
  EXPECT_EQ(CtlAs("viewer", {"status"}).exit, 3);
  EXPECT_EQ(muster_.Ctl({"status"}).exit, 0);
}

TEST_F(AdminTls, RefusesAReloadWhoseFilesAreWrong) {
  WriteFiles(TestAuthority("tests"));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  std::filesystem::remove(muster_.path("own.key"));
  muster_.WriteConfig(WithAdmin(absl::StrCat(kBoth, kTls)));
  const Finished missing = muster_.Ctl({"reload"});
  EXPECT_EQ(missing.exit, 1);
  EXPECT_THAT(missing.errors, HasSubstr("admin.tls.key: open "));
  EXPECT_THAT(missing.errors, HasSubstr("muster.textproto:"));
  EXPECT_THAT(muster_.Master({"-t", "-c", muster_.path("muster.textproto")}).errors,
              HasSubstr("own.key: No such file or directory"));
  std::filesystem::copy_file(muster_.path("viewer.key"), muster_.path("own.key"));
  EXPECT_THAT(muster_.Ctl({"reload"}).errors,
              HasSubstr("own.key is not the key of the certificate CN=master"));
  muster_.WriteConfig(WithAdmin(kBoth));
  EXPECT_THAT(muster_.Ctl({"reload"}).errors, HasSubstr("is TCP, which needs admin { tls"));
  EXPECT_EQ(muster_.Status().master().generation(), 1u);
}

TEST_F(AdminTls, HasNewCertificatesInForceWithoutAReload) {
  WriteFiles(TestAuthority("first"));
  muster_.WriteConfig(WithAdmin(absl::StrCat(kBoth, kTls, kRoles)));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  FindAddress();
  EXPECT_EQ(CtlAs("viewer", {"status"}).exit, 0);
  WriteFiles(TestAuthority("second"));
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    return CtlAs("viewer", {"status"}).exit == 0;
  })) << muster_.master().errors();
  EXPECT_EQ(muster_.Status().master().generation(), 1u);
}

TEST_F(AdminTls, GivesAnAddressToOneMasterAlone) {
  muster_.WriteConfig(WithAdmin(absl::StrCat(kBoth, "insecure: true ")));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  FindAddress();
  RunningMaster other(WithAdmin(
      absl::StrCat("listen: 'unix:admin.sock' listen: '", address_, "' insecure: true ")));
  EXPECT_FALSE(other.Start());
  EXPECT_THAT(other.master().errors(), HasSubstr("admin.listen[1]: bind " + address_));
  EXPECT_FALSE(std::filesystem::exists(other.path("admin.sock"))) << "nothing is left behind";
}

TEST_F(AdminTls, IsNotNeededOnLoopbackWhoeverCallsThen) {
  muster_.WriteConfig(WithAdmin(absl::StrCat(
      kBoth, "insecure: true allow { name: 'a' principal: 'anonymous' role: VIEWER }")));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  FindAddress();
  const auto run = [&](const std::string& command) {
    ChildProcess child(muster_.folder(),
                       {Program("ctl/ctl"), "--insecure", "--master", address_, command});
    const int exit = child.Wait().value_or(-1);
    return absl::StrCat(exit, " ", child.errors());
  };
  EXPECT_EQ(run("status"), "0 ");
  EXPECT_THAT(run("stop"), HasSubstr("anonymous from 127.0.0.1:"));
}

}  // namespace
}  // namespace muster::tests
