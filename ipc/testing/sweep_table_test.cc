#include "muster/ipc/testing/sweep_table.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/kill_sweep.h"

namespace muster::ipc::testing {
namespace {

using ::testing::HasSubstr;

TEST(SweepTable, IsNoneOfNoRow) {
  const std::vector<Scenario> scenarios = {{.primitive = "mutex", .role = "woken sleeper"}};
  std::string program = "sweep";
  std::string option = "--only";
  std::string text = "mutex: woken slepper";
  char* arguments[] = {program.data(), option.data(), text.data()};

  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int exit = PrintSweepTable(scenarios, 3, arguments);

  EXPECT_GT(exit, 2);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("--only: no row has \"mutex: woken slepper\" in its primitive or role"));
}

}  // namespace
}  // namespace muster::ipc::testing
