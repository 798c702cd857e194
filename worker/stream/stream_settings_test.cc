#include "muster/worker/stream/stream_settings.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(StreamSettings, HaveWhatIsConfigured) {
  config::v1::Stream stream;
  stream.mutable_idle_timeout()->set_seconds(1);
  stream.mutable_read_timeout()->set_seconds(2);
  stream.mutable_write_timeout()->set_seconds(3);
  stream.mutable_close_timeout()->set_nanos(4'000'000);
  stream.set_max_unread_bytes(5000);
  stream.set_max_unsent_bytes(6000);
  stream.set_max_session_bytes(7000);
  stream.set_max_worker_unsent_bytes(8000);
  const StreamSettings settings = StreamSettings::From(stream);
  EXPECT_EQ(settings.idle_timeout, seconds(1));
  EXPECT_EQ(settings.read_timeout, seconds(2));
  EXPECT_EQ(settings.write_timeout, seconds(3));
  EXPECT_EQ(settings.close_timeout, milliseconds(4));
  EXPECT_EQ(settings.max_unread_bytes, 5000u);
  EXPECT_EQ(settings.max_unsent_bytes, 6000u);
  EXPECT_EQ(settings.max_session_bytes, 7000u);
  EXPECT_EQ(settings.max_worker_unsent_bytes, 8000u);
}

TEST(StreamSettings, HaveTheDefaultsOfTheSchema) {
  const StreamSettings settings = StreamSettings::From({});
  EXPECT_EQ(settings.idle_timeout, seconds(0));
  EXPECT_EQ(settings.read_timeout, seconds(60));
  EXPECT_EQ(settings.write_timeout, seconds(60));
  EXPECT_EQ(settings.close_timeout, seconds(10));
  EXPECT_EQ(settings.max_unread_bytes, 65536u);
  EXPECT_EQ(settings.max_unsent_bytes, 8388608u);
  EXPECT_EQ(settings.max_session_bytes, 1048576u);
  EXPECT_EQ(settings.max_worker_unsent_bytes, 268435456u);
}

}  // namespace
}  // namespace muster::worker
