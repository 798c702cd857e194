#include "muster/worker/runtime/accept/refusals.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RefusalsTest : public ::testing::Test {
 protected:
  RefusalsTest() : standard_error_(::dup(STDERR_FILENO)) {
    path_ = ::testing::TempDir() + "/refusals_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    config::v1::Log config;
    config.set_path(path_);
    log_.emplace(*ErrorLog::Open(config, "w"));
    config::v1::Listen listen;
    listen.set_address("127.0.0.1:80");
    listen.set_max_connections_per_client(5);
    terms_ = *ListenerTerms::From(listen);
  }
  ~RefusalsTest() override {
    ::dup2(standard_error_, STDERR_FILENO);
    ::close(standard_error_);
    ::unlink(path_.c_str());
  }

  static std::shared_ptr<const ListenerTerms> TermsNamed(const std::string& name) {
    config::v1::Listen listen;
    listen.set_name(name);
    listen.set_max_connections_per_client(5);
    return *ListenerTerms::From(listen);
  }
  std::vector<std::string> Lines() const {
    std::ifstream file(path_);
    return absl::StrSplit(std::string(std::istreambuf_iterator<char>(file), {}), '\n',
                          absl::SkipEmpty());
  }

  int standard_error_;
  std::string path_;
  std::optional<ErrorLog> log_;
  WorkerStatus status_ = {};
  std::shared_ptr<const ListenerTerms> terms_;
  const PeerAddress peer_{absl::string_view("\xc0\x00\x02\x01", 4), 4711};
  const loop::TimePoint start_ = loop::TimePoint(seconds(100));
};

TEST_F(RefusalsTest, HaveTheListenerThePeerAndTheReason) {
  Refusals refusals(*log_, status_);
  refusals.Note(Refusals::Kind::kTooMany, *terms_, peer_, "", start_);
  refusals.Note(Refusals::Kind::kNoProxy, *terms_, peer_, "", start_);
  refusals.Note(Refusals::Kind::kHeader, *terms_, peer_, "is bad", start_);
  refusals.Note(Refusals::Kind::kLate, *terms_, peer_, "", start_);
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(4));
  const std::string who = "listener 127.0.0.1:80: a connection of 192.0.2.1:4711 is closed: ";
  EXPECT_THAT(lines[0], EndsWith(who + "its client has 5 at this worker, which is "
                                       "max_connections_per_client"));
  EXPECT_THAT(lines[1], EndsWith(who + "it is not from an address of proxy_protocol.from"));
  EXPECT_THAT(lines[2], EndsWith(who + "its header is bad"));
  EXPECT_THAT(lines[3], EndsWith(who + "its header was not complete within "
                                       "proxy_protocol.timeout"));
  EXPECT_EQ(status_.refused_over_limit.value(), 1u);
  EXPECT_EQ(status_.refused_by_proxy_protocol.value(), 3u);
}

TEST_F(RefusalsTest, AreAllCountedAndSeldomLogged) {
  Refusals refusals(*log_, status_);
  for (int i = 0; i < 1000; ++i) {
    refusals.Note(Refusals::Kind::kTooMany, *terms_, peer_, "", start_ + seconds(i % 60));
  }
  EXPECT_THAT(Lines(), SizeIs(1));
  EXPECT_EQ(status_.refused_over_limit.value(), 1000u);
  refusals.Note(Refusals::Kind::kTooMany, *terms_, peer_, "", start_ + seconds(60));
  ASSERT_THAT(Lines(), SizeIs(2));
  EXPECT_THAT(Lines()[1], EndsWith("; 999 others for such a reason since the last line"));
  refusals.Note(Refusals::Kind::kTooMany, *terms_, peer_, "", start_ + seconds(120));
  ASSERT_THAT(Lines(), SizeIs(3));
  EXPECT_THAT(Lines()[2], EndsWith("which is max_connections_per_client"));
}

// A crowd at one of them does not hide what happens at another.
TEST_F(RefusalsTest, AreLoggedForEachListener) {
  const std::shared_ptr<const ListenerTerms> other = TermsNamed("other");
  Refusals refusals(*log_, status_);
  refusals.Note(Refusals::Kind::kTooMany, *terms_, peer_, "", start_);
  refusals.Note(Refusals::Kind::kTooMany, *terms_, peer_, "", start_ + seconds(1));
  refusals.Note(Refusals::Kind::kTooMany, *other, peer_, "", start_ + seconds(2));
  refusals.Note(Refusals::Kind::kTooMany, *other, peer_, "", start_ + seconds(3));
  ASSERT_THAT(Lines(), SizeIs(2));
  EXPECT_THAT(Lines()[1], HasSubstr("listener other: a connection of 192.0.2.1:4711"));
  EXPECT_THAT(Lines()[1], EndsWith("which is max_connections_per_client"));
  refusals.Note(Refusals::Kind::kTooMany, *other, peer_, "", start_ + seconds(70));
  EXPECT_THAT(Lines()[2], EndsWith("; 1 other for such a reason since the last line"));
}

TEST_F(RefusalsTest, OfVeryManyListenersShareTheirLines) {
  Refusals refusals(*log_, status_);
  for (int i = 0; i < 1000; ++i) {
    refusals.Note(Refusals::Kind::kTooMany, *TermsNamed(absl::StrCat("l", i)), peer_, "", start_);
  }
  EXPECT_THAT(Lines(), SizeIs(Refusals::kMostListeners + 1));
  EXPECT_EQ(status_.refused_over_limit.value(), 1000u);
}

}  // namespace
}  // namespace muster::worker
