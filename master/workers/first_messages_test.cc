#include "muster/master/workers/first_messages.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/config/identified_config.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using worker::Command;

class FirstMessagesTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/muster-first-messages-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Of worker 2 of generation 5, in slot 1, when so many listeners and zones are configured.
  std::vector<worker::FirstMessage> Messages(int listeners, int zones) {
    std::string lines = "http { location { path: '/' return {} } } worker_processes: 3\n";
    for (int i = 0; i < listeners; ++i) {
      absl::StrAppend(&lines, "listen { address: 'unix:", folder_, "/", i, "' }\n");
    }
    for (int i = 0; i < zones; ++i) {
      absl::StrAppend(&lines, "zone { name: 'z", i, "' size_bytes: 4096 }\n");
    }
    const std::string file = folder_ + "/m.textproto";
    std::ofstream(file) << lines;
    absl::StatusOr<IdentifiedConfig> checked = ReadIdentifiedFile(file, folder_, nullptr);
    EXPECT_TRUE(checked.ok()) << checked.status();
    WorkerFinder finder("/bin/sh");  // any program
    absl::StatusOr<Deployment> deployment =
        PrepareDeployment(*std::move(checked), finder, ListenerSet());
    EXPECT_TRUE(deployment.ok()) << deployment.status();
    deployment_ = *std::move(deployment);
    worker::v1::Log log;
    log.set_path("/logs/a");
    log.set_fd(7);
    return FirstMessages({.slot = 1, .generation = 5, .index = 2}, tag_, deployment_, zone_,
                         handoff_, {log});
  }
  static std::vector<Command> CommandsOf(const std::vector<worker::FirstMessage>& messages) {
    std::vector<Command> commands;
    for (const worker::FirstMessage& message : messages) commands.push_back(message.command);
    return commands;
  }

  std::string folder_;
  Deployment deployment_;
  const worker::SharedZone zone_ = *worker::SharedZone::Create(4);
  const ipc::OwnerTag tag_ = *zone_.Reserve(1);
  const HandoffEnds handoff_ = *HandoffEnds::Create();
};

TEST_F(FirstMessagesTest, EndWithWhoTheWorkerIs) {
  const std::vector<worker::FirstMessage> messages = Messages(1, 0);
  ASSERT_THAT(CommandsOf(messages), ElementsAre(Command::kListeners, Command::kHello));
  worker::v1::Hello hello;
  ASSERT_TRUE(hello.ParseFromString(messages[1].payload));
  EXPECT_EQ(hello.owner_tag(), tag_.bits());
  EXPECT_EQ(hello.slot(), 1u);
  EXPECT_EQ(hello.index(), 2u);
  EXPECT_EQ(hello.generation(), 5u);
  EXPECT_EQ(hello.listeners(), 1u);
  EXPECT_EQ(hello.zones(), 0u);
  ASSERT_EQ(hello.log_size(), 1);
  EXPECT_EQ(hello.log(0).path(), "/logs/a");
  EXPECT_EQ(hello.log(0).fd(), 7u);
  EXPECT_THAT(messages[1].fds, ElementsAre(zone_.fd(), deployment_.sealed_config.get(),
                                           handoff_.take_fd(), handoff_.give_fd()));
}

TEST_F(FirstMessagesTest, HaveEachDescriptorAtThePlaceOfItsName) {
  const std::vector<worker::FirstMessage> messages = Messages(1, 2);
  ASSERT_THAT(CommandsOf(messages),
              ElementsAre(Command::kListeners, Command::kZones, Command::kHello));
  worker::v1::Listeners listeners;
  ASSERT_TRUE(listeners.ParseFromString(messages[0].payload));
  EXPECT_EQ(listeners.listener(0).address(), absl::StrCat("unix:", folder_, "/0"));
  EXPECT_THAT(messages[0].fds, SizeIs(1));
  worker::v1::Zones zones;
  ASSERT_TRUE(zones.ParseFromString(messages[1].payload));
  EXPECT_EQ(zones.zone(1).name(), "z1");
  const worker::UserZones& made = deployment_.zones;
  EXPECT_THAT(messages[1].fds, ElementsAre(made[0]->memory_fd(), made[0]->bell_fd(),
                                           made[1]->memory_fd(), made[1]->bell_fd()));
}

TEST_F(FirstMessagesTest, HaveNoMoreDescriptorsThanAMessageCanCarry) {
  const std::vector<worker::FirstMessage> messages = Messages(17, 9);
  ASSERT_THAT(CommandsOf(messages), ElementsAre(Command::kListeners, Command::kListeners,
                                                Command::kZones, Command::kZones, Command::kHello));
  EXPECT_THAT(messages[0].fds, SizeIs(16));
  EXPECT_THAT(messages[1].fds, SizeIs(1));
  EXPECT_THAT(messages[2].fds, SizeIs(16));
  EXPECT_THAT(messages[3].fds, SizeIs(2));
  worker::v1::Hello hello;
  ASSERT_TRUE(hello.ParseFromString(messages[4].payload));
  EXPECT_EQ(hello.listeners(), 17u);
  EXPECT_EQ(hello.zones(), 9u);
}

}  // namespace
}  // namespace muster::master
