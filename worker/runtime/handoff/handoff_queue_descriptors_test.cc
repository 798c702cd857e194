// A worker without descriptors. Not with UBSan, which makes a pipe to look at a pointer.

#include <sys/resource.h>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/runtime/handoff/handoff_queue_fixture.h"

namespace muster::worker {
namespace {

using HandoffQueueDescriptorsTest = HandoffQueueTest;

TEST_F(HandoffQueueDescriptorsTest, LeavesInTheQueueWhatItHasNoDescriptorFor) {
  const auto taker = Add(kServing);
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 3, "state").empty());
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  const ipc::UniqueFd highest = Served();
  limit.rlim_cur = static_cast<rlim_t>(highest.get()) + 2;  // there is one more
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  taker->StartTaking();
  RunWhatIsReady();
  EXPECT_LE(taker->adopted().size(), 1u);
  EXPECT_EQ(taker->status().capacity.value(), 1 + static_cast<int>(taker->adopted().size()));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(RunUntil([&] { return taker->measured() == 2; }));
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(taker->adopted().size() + old_->adopted().size(), 3u);
}

}  // namespace
}  // namespace muster::worker
