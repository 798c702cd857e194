// The samples of each version of the protocol mean what they meant. A change of a format adds
// samples, and changes none (docs/PROTOCOL.md).

#include <sys/socket.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/channel/channel.h"
#include "muster/proto/handoff.pb.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/testing/recorded.h"

namespace muster::worker {
namespace {

// What was recorded is read, and is what this program writes for the same content.
template <typename Message>
Message Read(const std::string& name) {
  const std::string bytes =
      testing::ReadRecorded(absl::StrCat("worker/protocol/recorded/", name, ".hex"));
  Message message;
  EXPECT_TRUE(message.ParseFromString(bytes)) << name;
  EXPECT_EQ(message.SerializeAsString(), bytes) << name;
  return message;
}

TEST(RecordedMessages, OfTheListeners) {
  for (const std::string name : {"listeners.1", "listeners.2"}) {
    const auto listeners = Read<v1::Listeners>(name);
    ASSERT_EQ(listeners.listener_size(), 1);
    EXPECT_EQ(listeners.listener(0).address(), "127.0.0.1:8080");
    EXPECT_EQ(listeners.listener(0).place(), name == "listeners.1" ? 0u : 1u);
  }
}

TEST(RecordedMessages, OfTheZones) {
  const auto zones = Read<v1::Zones>("zones.1");
  ASSERT_EQ(zones.zone_size(), 1);
  EXPECT_EQ(zones.zone(0).name(), "sessions");
}

TEST(RecordedMessages, OfHello) {
  for (const std::string name : {"hello.1", "hello.2"}) {
    const auto hello = Read<v1::Hello>(name);
    EXPECT_EQ(hello.version(), 1u);
    EXPECT_EQ(hello.owner_tag(), 65539u);
    EXPECT_EQ(hello.slot(), 3u);
    EXPECT_EQ(hello.generation(), 7u);
    EXPECT_EQ(hello.listeners(), 1u);
    EXPECT_EQ(hello.zones(), 1u);
    EXPECT_EQ(hello.index(), 1u);
    EXPECT_EQ(hello.newest_version(), name == "hello.1" ? 0u : 2u);
  }
}

TEST(RecordedMessages, OfReady) {
  for (const std::string name : {"ready.1", "ready.2"}) {
    const auto ready = Read<v1::Ready>(name);
    EXPECT_EQ(ready.version(), "0.1.0");
    EXPECT_EQ(ready.protocol(), name == "ready.1" ? 0u : 2u);
  }
}

TEST(RecordedMessages, OfFailed) {
  for (const std::string name : {"failed.1", "failed.2"}) {
    const auto failed = Read<v1::Failed>(name);
    EXPECT_EQ(failed.reason(), "no disk");
    EXPECT_EQ(failed.field(), "http.access_log.path");
    EXPECT_EQ(failed.protocol(), name == "failed.1" ? 0u : 2u);
  }
}

TEST(RecordedMessages, OfAnAcknowledgement) {
  const auto first = Read<v1::Ack>("ack.1");
  EXPECT_EQ(first.sequence(), 42u);
  EXPECT_EQ(first.error(), "no disk");
  EXPECT_EQ(first.held(), 0u);
  const auto second = Read<v1::Ack>("ack.2");
  EXPECT_EQ(second.sequence(), 42u);
  EXPECT_EQ(second.error(), "");
  EXPECT_EQ(second.held(), 5u);
  EXPECT_EQ(second.kept(), 3u);
}

TEST(RecordedMessages, OfAConnectionThatIsHandedOff) {
  for (const std::string name : {"http_connection.1", "http_connection.2"}) {
    const auto http = Read<v1::HttpConnection>(name);
    EXPECT_EQ(http.requests(), 3u);
    EXPECT_EQ(http.unread(), "GET / HT");
    const bool has_origin = name == "http_connection.2";
    EXPECT_EQ(http.origin().address(), has_origin ? std::string("\xc0\x00\x02\x01", 4) : "");
    EXPECT_EQ(http.origin().port(), has_origin ? 4711u : 0u);
    EXPECT_EQ(http.origin().listener(), has_origin ? "public" : "");
  }
  for (const std::string name : {"stream_state.1", "stream_state.2", "stream_state.3"}) {
    const auto stream = Read<v1::StreamState>(name);
    EXPECT_EQ(stream.session(), "s");
    EXPECT_EQ(stream.unread(), "u");
    EXPECT_EQ(stream.unsent(), "o");
    EXPECT_EQ(stream.output_ended(), name == "stream_state.2");
    EXPECT_EQ(stream.input_ended(), name == "stream_state.2");
    EXPECT_EQ(stream.last_activity(), name == "stream_state.2" ? 1 : 0);
    EXPECT_EQ(stream.unread_since(), name == "stream_state.2" ? 2 : 0);
    EXPECT_EQ(stream.unsent_since(), name == "stream_state.2" ? 3 : 0);
    EXPECT_EQ(stream.origin().listener(), name == "stream_state.3" ? "public" : "");
  }
}

TEST(RecordedMessages, OfAConnectionThatNoServiceHasSeen) {
  const auto fresh = Read<v1::FreshConnection>("fresh_connection.1");
  EXPECT_EQ(fresh.accepted(), 7);
  EXPECT_EQ(fresh.listener().address(), "127.0.0.1:8080");
  EXPECT_EQ(fresh.listener().name(), "public");
  ASSERT_EQ(fresh.listener().proxy_protocol().from_size(), 1);
  EXPECT_EQ(fresh.listener().proxy_protocol().from(0), "10.0.0.0/8");
}

// All of them travel in such frames.
TEST(RecordedMessages, OfTheFrame) {
  const std::string frame = testing::ReadRecorded("worker/protocol/recorded/frame.1.hex");
  auto ends = ipc::Channel::CreatePair();
  ASSERT_TRUE(ends.ok()) << ends.status();
  ASSERT_EQ(::send(ends->first.fd(), frame.data(), frame.size(), 0),
            static_cast<ssize_t>(frame.size()));
  ipc::ReceivedMessage received;
  ASSERT_EQ(*ends->second.TryReceive(&received), ipc::ReceiveOutcome::kReceived);
  EXPECT_EQ(received.command_as<Command>(), Command::kAck);
  EXPECT_EQ(received.flags, 0);
  EXPECT_EQ(received.sequence, 7u);
  EXPECT_EQ(received.slot, 3);
  EXPECT_EQ(received.pid, 4711);
  EXPECT_EQ(received.payload, Read<v1::Ack>("ack.2").SerializeAsString());

  // It is what this program sends for the same content.
  ASSERT_TRUE(ends->first
                  .TrySend({.command = received.command,
                            .flags = received.flags,
                            .sequence = received.sequence,
                            .slot = received.slot,
                            .pid = received.pid,
                            .payload = received.payload})
                  .ok());
  std::string sent(frame.size() + 1, '\0');
  sent.resize(static_cast<std::size_t>(::recv(ends->second.fd(), sent.data(), sent.size(), 0)));
  EXPECT_EQ(sent, frame);
}

}  // namespace
}  // namespace muster::worker
