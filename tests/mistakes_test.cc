// What master, worker and ctl print when somebody makes one of the usual mistakes: the cases of
// mistakes.txt, whole texts.

#include "gtest/gtest.h"
#include "muster/tests/support/case_file.h"
#include "muster/tests/support/case_stage.h"
#include "muster/tests/support/clean_environment.h"

namespace muster::tests {
namespace {

class Mistake : public ::testing::TestWithParam<Case> {};

TEST_P(Mistake, IsToldAsExpected) {
  CaseStage stage;
  for (const CaseStep& step : GetParam().steps) {
    ASSERT_NO_FATAL_FAILURE(stage.Perform(step));
    if (IsSkipped()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(, Mistake, ::testing::ValuesIn(ReadCases("tests/mistakes.txt")),
                         [](const auto& info) { return info.param.Name(); });

const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new CleanEnvironment);

}  // namespace
}  // namespace muster::tests
