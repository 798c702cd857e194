#include "muster/worker/http/input/connection_settings.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ConnectionSettings, HaveEachTimeOfTheConfiguration) {
  config::v1::Http http;
  http.mutable_keepalive_timeout()->set_seconds(1);
  http.mutable_header_timeout()->set_seconds(2);
  http.mutable_body_timeout()->set_seconds(3);
  http.mutable_send_timeout()->set_nanos(4'000'000);
  http.mutable_keepalive_time()->set_seconds(5);
  const ConnectionSettings settings = ConnectionSettings::From(http);
  EXPECT_EQ(settings.keepalive_timeout, seconds(1));
  EXPECT_EQ(settings.header_timeout, seconds(2));
  EXPECT_EQ(settings.body_timeout, seconds(3));
  EXPECT_EQ(settings.send_timeout, milliseconds(4));
  EXPECT_EQ(settings.keepalive_time, seconds(5));
}

TEST(ConnectionSettings, AnnounceAtLeastASecondLessThanTheyKeep) {
  const auto announced = [](milliseconds timeout) {
    config::v1::Http http;
    http.mutable_keepalive_timeout()->set_seconds(timeout.count() / 1000);
    http.mutable_keepalive_timeout()->set_nanos(static_cast<int>(timeout.count() % 1000) *
                                                1'000'000);
    return ConnectionSettings::From(http).announced_keepalive;
  };
  EXPECT_EQ(announced(seconds(75)), seconds(74));
  EXPECT_EQ(announced(milliseconds(3999)), seconds(2));
  EXPECT_EQ(announced(seconds(2)), seconds(1));
  EXPECT_EQ(announced(milliseconds(1999)), seconds(0));
  EXPECT_EQ(announced(seconds(0)), seconds(0));
}

TEST(ConnectionSettings, HaveEachLimitOfTheConfiguration) {
  config::v1::Http http;
  http.set_min_body_bytes_per_second(1);
  http.set_keepalive_requests(2);
  http.set_max_request_line_bytes(3);
  http.set_max_header_bytes(4);
  const ConnectionSettings settings = ConnectionSettings::From(http);
  EXPECT_EQ(settings.min_body_bytes_per_second, 1u);
  EXPECT_EQ(settings.keepalive_requests, 2u);
  EXPECT_EQ(settings.limits.max_request_line_bytes, 3u);
  EXPECT_EQ(settings.limits.max_header_bytes, 4u);
}

}  // namespace
}  // namespace muster::worker::http
