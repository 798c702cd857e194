#include "muster/master/tls/tls_watch.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/run_until.h"
#include "muster/tests/support/test_certificates.h"

namespace muster::master {
namespace {

using tests::TestAuthority;
using tests::TestCertificate;

class TlsWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    authority_.Issue("first").WriteTo(folder_, "own");
    std::ofstream(absl::StrCat(folder_, "/ca.pem")) << authority_.certificate();
    files_.set_certificate(absl::StrCat(folder_, "/own.pem"));
    files_.set_key(absl::StrCat(folder_, "/own.key"));
    files_.set_client_ca(absl::StrCat(folder_, "/ca.pem"));
    auto watch = TlsWatch::Start(
        *loop_, files_, *TlsMaterial::Read(files_),
        [this](const absl::StatusOr<TlsMaterial>& material) { told_.push_back(material); });
    ASSERT_TRUE(watch.ok()) << watch.status();
    watch_ = *std::move(watch);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  // A file that is being written may be looked at before it is complete.
  bool IsToldOfGoodOnes() {
    return loop::RunUntil(*loop_, [&] { return !told_.empty() && told_.back().ok(); });
  }
  bool IsTold(std::size_t count) {
    return loop::RunUntil(*loop_, [&] { return told_.size() >= count; });
  }

  char folder_[32] = "/tmp/muster-tls-XXXXXX";
  const TestAuthority authority_{"tests"};
  config::v1::AdminTls files_;
  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  std::vector<absl::StatusOr<TlsMaterial>> told_;
  std::unique_ptr<TlsWatch> watch_;
};

TEST_F(TlsWatchTest, TellsWhatTheFilesHaveNext) {
  authority_.Issue("second").WriteTo(folder_, "own");
  ASSERT_TRUE(IsToldOfGoodOnes());
  EXPECT_EQ(told_.back()->subject(), "CN=second");
}

TEST_F(TlsWatchTest, WaitsForTheKeyOfANewCertificate) {
  const TestCertificate second = authority_.Issue("second");
  std::ofstream(files_.certificate()) << second.certificate;
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] {
    return !told_.empty() && absl::StrContains(std::string(told_.back().status().message()),
                                               "is not the key of the certificate CN=second");
  }));
  std::ofstream(files_.key()) << second.key;
  ASSERT_TRUE(IsToldOfGoodOnes());
  EXPECT_EQ(told_.back()->subject(), "CN=second");
}

TEST_F(TlsWatchTest, SaysNothingWhenItIsGone) {
  authority_.Issue("second").WriteTo(folder_, "own");
  // Its thread has begun to look, and what it finds is not told yet.
  loop::RunUntil(*loop_, [end = loop::Clock::now() + TlsWatch::kInterval +
                                TlsWatch::kInterval / 4] { return loop::Clock::now() > end; });
  ASSERT_TRUE(told_.empty());
  const std::unique_ptr<SideThread> thread = watch_->TakeThread();
  EXPECT_NE(thread, nullptr);
  watch_.reset();
  loop::RunUntil(*loop_, [end = loop::Clock::now() + 3 * TlsWatch::kInterval] {
    return loop::Clock::now() > end;
  });
  EXPECT_TRUE(told_.empty());
}

TEST_F(TlsWatchTest, TellsAProblemOnce) {
  std::filesystem::remove(files_.key());
  ASSERT_TRUE(IsTold(1));
  for (int i = 0; i < 3; ++i) {
    loop::RunUntil(*loop_, [end = loop::Clock::now() + TlsWatch::kInterval] {
      return loop::Clock::now() > end;
    });
  }
  EXPECT_EQ(told_.size(), 1u);
  EXPECT_FALSE(told_[0].ok());
}

TEST_F(TlsWatchTest, SaysNothingOfFilesThatStayTheSame) {
  std::filesystem::last_write_time(files_.key(), std::filesystem::file_time_type::clock::now());
  for (int i = 0; i < 4; ++i) {
    loop::RunUntil(*loop_, [end = loop::Clock::now() + TlsWatch::kInterval] {
      return loop::Clock::now() > end;
    });
  }
  EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace muster::master
