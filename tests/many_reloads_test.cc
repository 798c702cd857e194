// What a hundred reloads leave behind: nothing.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/process_usage.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

constexpr int kSettled = 20;
constexpr int kReloads = 100;
// Of the memory that is the master's own: what it shares counts for more when others that share it
// end.
constexpr std::int64_t kMostGrowth = 1 << 20;

// But what the runs of ctl have printed.
std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!absl::StartsWith(name, "child-")) files.insert(entry.path().string());
  }
  return files;
}

// Each changes what there is to make and to drop: a listener, a zone, the number of workers, and
// whether each worker has a socket of its own.
std::string ConfigOf(int reload) {
  return RunningMaster::Config(
      absl::StrCat(reload % 2 == 0 ? "listen { address: \"unix:second.sock\" }\n" : "",
                   reload % 3 == 0 ? "zone { name: \"z\" size_bytes: 1048576 }\n" : "",
                   reload % 4 < 2 ? "accept: REUSEPORT\n" : ""));
}

TEST(ManyReloads, LeaveNoProcessDescriptorMemoryOrFile) {
  RunningMaster muster(ConfigOf(0));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t master = muster.master().pid();
  Load load(muster.address(), "/", {.keep_alive = 2, .connection_per_request = 1});
  std::int64_t memory = 0;
  std::size_t descriptors = 0;
  std::set<std::string> files;
  for (int reload = 1; reload <= kReloads; ++reload) {
    muster.WriteConfig(ConfigOf(reload));
    const Finished ctl = muster.Ctl({"reload", "--wait", "drained"});
    ASSERT_EQ(ctl.exit, 0) << "reload " << reload << ": " << ctl.errors;
    ASSERT_EQ(muster.WorkerPids().size(), 2u) << "after reload " << reload;
    if (reload != kSettled && reload != kReloads) continue;
    ASSERT_TRUE(load.AwaitMore(20));
    if (reload == kSettled) {
      memory = OwnMemoryBytes(master);
      descriptors = OpenDescriptors(master);
      files = FilesIn(muster.folder());
    }
  }
  // A connection of ctl may be about to be closed.
  EXPECT_TRUE(muster.AwaitStatus([&](const admin::v1::Status&) {
    return OpenDescriptors(master) <= descriptors;
  })) << OpenDescriptors(master)
      << " descriptors, and " << descriptors << " before";
  EXPECT_LE(OwnMemoryBytes(master), memory + kMostGrowth);
  EXPECT_EQ(FilesIn(muster.folder()), files);
  load.Stop();
  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
  EXPECT_EQ(load.closed(), 0u);
}

}  // namespace
}  // namespace muster::tests
