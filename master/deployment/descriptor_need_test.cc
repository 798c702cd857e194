#include "muster/master/deployment/descriptor_need.h"

#include <cstdint>
#include <filesystem>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {
namespace {

config::v1::Config ConfigWith(std::uint32_t workers, config::v1::Accept accept) {
  config::v1::Config config;
  config.set_worker_processes(workers);
  config.set_accept(accept);
  config.add_listen()->set_address("127.0.0.1:8080");
  config.add_listen()->set_address("unix:/run/muster.sock");
  return config;
}

TEST(DescriptorNeed, HasTheWorkersOfTwoGenerations) {
  const auto few = DescriptorsNeeded(ConfigWith(1, config::v1::EXCLUSIVE));
  const auto many = DescriptorsNeeded(ConfigWith(101, config::v1::EXCLUSIVE));
  EXPECT_EQ(many - few, 100 * 2 * 2);
}

TEST(DescriptorNeed, HasASocketForEachWorkerWhereThePortIsShared) {
  const auto one = DescriptorsNeeded(ConfigWith(100, config::v1::EXCLUSIVE));
  const auto each = DescriptorsNeeded(ConfigWith(100, config::v1::REUSEPORT));
  EXPECT_EQ(each - one, 99);
}

std::uint64_t OpenDescriptors() {
  std::uint64_t open = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++open;
  }
  return open;
}

TEST(DescriptorNeed, HasAsManyAsAZoneHas) {
  config::v1::Config config = ConfigWith(1, config::v1::EXCLUSIVE);
  const auto without = DescriptorsNeeded(config);
  config.add_zone();
  const std::uint64_t open = OpenDescriptors();
  const auto zone = worker::UserZone::Create("z", 4096);
  ASSERT_TRUE(zone.ok()) << zone.status();
  EXPECT_EQ(DescriptorsNeeded(config) - without, OpenDescriptors() - open);
}

TEST(DescriptorNeed, IsCheckedAgainstWhatIsOpenAndTheLimit) {
  EXPECT_TRUE(CheckDescriptorsFor(ConfigWith(1, config::v1::EXCLUSIVE)).ok());
  const auto status = CheckDescriptorsFor(ConfigWith(1 << 28, config::v1::EXCLUSIVE));
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

}  // namespace
}  // namespace muster::master
