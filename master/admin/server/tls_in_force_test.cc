#include "muster/master/admin/server/tls_in_force.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/loop/event_loop.h"
#include "muster/master/process/log.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::master {
namespace {

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
