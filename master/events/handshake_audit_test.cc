#include "muster/master/events/handshake_audit.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

using admin::v1::Event;
using admin::v1::RefusedHandshake;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HandshakeAuditTest : public testing::Test {
 protected:
  void Configure(config::v1::Log::Audit format) {
    config::v1::Log log;
    log.set_path(path_);
    log.set_audit(format);
    ASSERT_TRUE(log_.Configure(log).ok());
  }
  void SetUp() override { Configure(config::v1::Log::TEXT); }
  ~HandshakeAuditTest() override { ::unlink(path_.c_str()); }

  void Refuse(const std::string& host, loop::TimePoint now, int port = 5) {
    audit_.Refuse(host, absl::StrCat(host, ":", port), RefusedHandshake::CLIENT_LEFT, now);
  }
  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    for (const auto& event : events_.Read(1, 1000).events) {
      EXPECT_EQ(event->kind(), Event::HANDSHAKE_REFUSED);
      texts.push_back(event->text());
    }
    return texts;
  }
  std::string ReadLog() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::string path_ = ::testing::TempDir() + "/handshake_audit.log";
  const loop::TimePoint start_{std::chrono::hours(1)};
  Log log_;
  EventRing events_;
  HandshakeAudit audit_{events_, log_};
};

TEST_F(HandshakeAuditTest, HasALineAndAnEventForOne) {
  Refuse("10.0.0.7", start_);
  EXPECT_THAT(ReadLog(),
              HasSubstr(" warning audit: handshake address=\"10.0.0.7:5\" reason=CLIENT_LEFT\n"));
  EXPECT_THAT(Texts(), ElementsAre("handshake of TLS with 10.0.0.7:5: CLIENT_LEFT"));
  const auto event = events_.Read(1, 1).events.at(0);
  EXPECT_EQ(event->handshake().address(), "10.0.0.7:5");
  EXPECT_EQ(event->handshake().reason(), RefusedHandshake::CLIENT_LEFT);
}

TEST_F(HandshakeAuditTest, HasOneLineWithACountForAFlood) {
  for (int i = 0; i < 1000; ++i) Refuse("10.0.0.7", start_ + milliseconds(i), 100 + i);
  Refuse("10.0.0.8", start_ + seconds(1));
  audit_.Flush(start_ + seconds(4));
  EXPECT_THAT(Texts(), ElementsAre("handshake of TLS with 10.0.0.7:100: CLIENT_LEFT",
                                   "handshake of TLS with 10.0.0.8:5: CLIENT_LEFT"));
  // Also if no more come.
  audit_.Flush(start_ + seconds(5));
  audit_.Flush(start_ + seconds(20));
  EXPECT_EQ(Texts().size(), 3u);
  EXPECT_EQ(Texts().back(),
            "handshake of TLS with 10.0.0.7:1099: CLIENT_LEFT (998 more before it)");
  EXPECT_EQ(events_.Read(3, 1).events.at(0)->handshake().left_out(), 998u);
  EXPECT_THAT(ReadLog(), HasSubstr("address=\"10.0.0.7:1099\" reason=CLIENT_LEFT left_out=998\n"));
}

TEST_F(HandshakeAuditTest, IsBoundedWhereManyHostsFlood) {
  for (int host = 0; host < 10000; ++host) Refuse(absl::StrCat("host", host), start_);
  EXPECT_EQ(Texts().size(), HandshakeAudit::kMostHosts + 1);
  audit_.Flush(start_ + HandshakeAudit::kBetween);
  EXPECT_EQ(Texts().size(), HandshakeAudit::kMostHosts + 2);
  EXPECT_THAT(Texts().back(),
              HasSubstr(absl::StrCat("(", 10000 - HandshakeAudit::kMostHosts - 2, " more")));
  // Those that have been quiet for long make room.
  Refuse("another", start_ + seconds(60));
  EXPECT_THAT(Texts().back(), HasSubstr("another"));
}

TEST_F(HandshakeAuditTest, WritesJsonIfItIsToldTo) {
  Configure(config::v1::Log::JSON);
  Refuse("10.0.0.7", start_);
  EXPECT_THAT(ReadLog(), HasSubstr("audit: {\"address\":\"10.0.0.7:5\",\"reason\":\"CLIENT_LEFT\","
                                   "\"left_out\":\"0\"}\n"));
}

}  // namespace
}  // namespace muster::master
