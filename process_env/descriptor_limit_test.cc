#include "muster/process_env/descriptor_limit.h"

#include <sys/resource.h>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::process_env {
namespace {

rlimit Limit() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

void LowerSoftTo(rlim_t soft) {
  const rlimit limit = {soft, Limit().rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(DescriptorLimit, IsRaisedToWhatIsNeeded) {
  LowerSoftTo(64);
  EXPECT_TRUE(RaiseDescriptorLimit(100).ok());
  EXPECT_EQ(Limit().rlim_cur, 100u);
}

TEST(DescriptorLimit, IsLeftAloneWhenItIsEnough) {
  LowerSoftTo(64);
  EXPECT_TRUE(RaiseDescriptorLimit(32).ok());
  EXPECT_EQ(Limit().rlim_cur, 64u);
}

TEST(DescriptorLimit, IsRaisedAsFarAsItMayBe) {
  LowerSoftTo(64);
  const absl::Status status = RaiseDescriptorLimit(Limit().rlim_max + 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Limit().rlim_cur, Limit().rlim_max);
}

}  // namespace
}  // namespace muster::process_env
