#include "muster/master/admin/server/tls_in_force.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/event_loop.h"
#include "muster/master/process/log.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::master {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class TlsInForceTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    std::ofstream(absl::StrCat(folder_, "/ca.pem")) << authority_.certificate();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  AdminTerms TermsFor(const std::string& name) {
    authority_.Issue(name).WriteTo(folder_, name);
    AdminTerms terms;
    terms.tls_files.set_certificate(absl::StrCat(folder_, "/", name, ".pem"));
    terms.tls_files.set_key(absl::StrCat(folder_, "/", name, ".key"));
    terms.tls_files.set_client_ca(absl::StrCat(folder_, "/ca.pem"));
    terms.tls = *TlsMaterial::Read(terms.tls_files);
    return terms;
  }

  // What is logged meanwhile.
  std::string Told(const std::function<void()>& act) {
    const std::string path = absl::StrCat(folder_, "/log", ++logs_);
    config::v1::Log to_file;
    to_file.set_path(path);
    EXPECT_TRUE(log_.Configure(to_file).ok());
    act();
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  int logs_ = 0;

  char folder_[32] = "/tmp/muster-tls-XXXXXX";
  const tests::TestAuthority authority_{"tests"};
  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  Log log_;
  std::vector<std::shared_ptr<void>> closed_;
  TlsInForce tls_{
      {.loop = *loop_,
       .log = log_,
       .on_change = nullptr,
       .close = [this](std::shared_ptr<void> last) { closed_.push_back(std::move(last)); }}};
};

TEST_F(TlsInForceTest, IsNothingUntilTheTermsHaveIt) {
  EXPECT_EQ(tls_.server(), nullptr);
  ASSERT_TRUE(tls_.Set({}).ok());
  EXPECT_EQ(tls_.server(), nullptr);
  EXPECT_FALSE(tls_.material().has_value());
}

TEST_F(TlsInForceTest, IsWhatTheTermsHave) {
  ASSERT_TRUE(tls_.Set(TermsFor("first")).ok());
  EXPECT_NE(tls_.server(), nullptr);
  EXPECT_EQ(tls_.material()->subject(), "CN=first");
  ASSERT_TRUE(tls_.Set({}).ok());
  EXPECT_EQ(tls_.server(), nullptr);
}

TEST_F(TlsInForceTest, TellsWhatIsNew) {
  AdminTerms terms = TermsFor("first");
  EXPECT_THAT(Told([&] { ASSERT_TRUE(tls_.Set(terms).ok()); }),
              AllOf(HasSubstr("the certificate of CN=first is in force"),
                    HasSubstr("client_ca is in force, 1 certificate")));
  // The same certificate, with other authorities.
  std::ofstream(absl::StrCat(folder_, "/others.pem"))
      << authority_.certificate() << tests::TestAuthority("others").certificate();
  terms.tls_files.set_client_ca(absl::StrCat(folder_, "/others.pem"));
  terms.tls = *TlsMaterial::Read(terms.tls_files);
  EXPECT_THAT(Told([&] { ASSERT_TRUE(tls_.Set(terms).ok()); }),
              AllOf(HasSubstr("client_ca is in force, 2 certificates"),
                    Not(HasSubstr("the certificate of"))));
  // Another certificate, with the same ones.
  AdminTerms second = TermsFor("second");
  second.tls_files.set_client_ca(absl::StrCat(folder_, "/others.pem"));
  second.tls = *TlsMaterial::Read(second.tls_files);
  EXPECT_THAT(
      Told([&] { ASSERT_TRUE(tls_.Set(second).ok()); }),
      AllOf(HasSubstr("the certificate of CN=second is in force"), Not(HasSubstr("client_ca"))));
}

TEST_F(TlsInForceTest, WarnsOfAKeyThatOthersCanRead) {
  AdminTerms terms = TermsFor("first");
  ASSERT_EQ(::chmod(folder_, 0755), 0);
  ASSERT_EQ(::chmod(terms.tls_files.key().c_str(), 0644), 0);
  terms.tls = *TlsMaterial::Read(terms.tls_files);
  const std::string warning = absl::StrCat("warning admin.tls.key: ", terms.tls_files.key(),
                                           " has mode 0644: every user of this machine can");
  EXPECT_THAT(Told([&] { ASSERT_TRUE(tls_.Set(terms).ok()); }), HasSubstr(warning));
  // A reload with the same files.
  EXPECT_THAT(Told([&] { ASSERT_TRUE(tls_.Set(terms).ok()); }), HasSubstr(warning));
}

TEST_F(TlsInForceTest, StaysWhileTheFilesAreTheSame) {
  const AdminTerms terms = TermsFor("first");
  ASSERT_TRUE(tls_.Set(terms).ok());
  const ServerTls* const server = tls_.server();
  ASSERT_TRUE(tls_.Set(terms).ok());
  EXPECT_EQ(tls_.server(), server);
  EXPECT_TRUE(closed_.empty());
}

TEST_F(TlsInForceTest, LeavesTheThreadThatMayHangToSomebodyElse) {
  ASSERT_TRUE(tls_.Set(TermsFor("first")).ok());
  ASSERT_TRUE(tls_.Set(TermsFor("second")).ok());
  ASSERT_EQ(closed_.size(), 1u);
  EXPECT_EQ(closed_[0].use_count(), 1);
  EXPECT_NE(closed_[0], nullptr);
  ASSERT_TRUE(tls_.Set({}).ok());
  EXPECT_EQ(closed_.size(), 2u);
}

}  // namespace
}  // namespace muster::master
