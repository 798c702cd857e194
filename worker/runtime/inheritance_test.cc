#include "muster/worker/runtime/inheritance.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/channel/channel.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

// Both ends are this process's, so it is its own master.
ipc::Channel::Pair MakePair() {
  auto pair = ipc::Channel::CreatePair();
  EXPECT_TRUE(pair.ok()) << pair.status();
  return *std::move(pair);
}

void Send(const ipc::Channel& channel, Command command, const std::string& payload) {
  ipc::Message message;
  message.command = ipc::CommandNumber(command);
  message.payload = payload;
  ASSERT_TRUE(channel.Send(message).ok());
}

absl::Status Receive(const ipc::Channel& channel, absl::Duration timeout = absl::Seconds(20)) {
  return ReceiveInheritance(channel, ::getpid(), timeout).status();
}

TEST(Inheritance, IsNotAwaitedForEver) {
  const ipc::Channel::Pair pair = MakePair();
  EXPECT_EQ(Receive(pair.second, absl::Milliseconds(2)),
            absl::DeadlineExceededError("the master sent no HELLO in time"));
}

TEST(Inheritance, IsNotTakenFromAStranger) {
  const ipc::Channel::Pair pair = MakePair();
  Send(pair.first, Command::kHello, "");
  const auto status =
      ReceiveInheritance(pair.second, ::getpid() + 1, absl::Milliseconds(2)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(Inheritance, RefusesAHelloThatIsNone) {
  const ipc::Channel::Pair pair = MakePair();
  Send(pair.first, Command::kHello, "\xff garbage");
  EXPECT_EQ(Receive(pair.second),
            absl::InvalidArgumentError("HELLO: its payload is no muster.worker.v1.Hello"));
}

TEST(Inheritance, RefusesAHelloWithoutDescriptors) {
  const ipc::Channel::Pair pair = MakePair();
  v1::Hello hello;
  hello.set_version(kOldestProtocolVersion);
  hello.set_newest_version(kProtocolVersion);
  hello.set_index(0);
  Send(pair.first, Command::kHello, hello.SerializeAsString());
  EXPECT_EQ(Receive(pair.second),
            absl::InvalidArgumentError(
                "HELLO: 0 descriptors, expected 4: the shared zone, the configuration and the "
                "ends of the handoff queue"));
}

TEST(Inheritance, RefusesListenersWithoutDescriptors) {
  const ipc::Channel::Pair pair = MakePair();
  v1::Listeners listeners;
  listeners.add_listener()->set_address("127.0.0.1:80");
  Send(pair.first, Command::kListeners, listeners.SerializeAsString());
  EXPECT_EQ(Receive(pair.second),
            absl::InvalidArgumentError("LISTENERS: 1 listener, but 0 descriptors"));
}

}  // namespace
}  // namespace muster::worker
