#include "muster/ipc/base/check.h"

#include <unistd.h>

#include <cstring>

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

void Show(const char* text) {
  constexpr char kSeen[] = "seen: ";
  (void)!::write(STDERR_FILENO, kSeen, sizeof(kSeen) - 1);
  (void)!::write(STDERR_FILENO, text, std::strlen(text));
}

TEST(Check, PrintsThePlaceAndTheReasonAndAborts) {
  EXPECT_DEATH(MUSTER_CHECK(1 + 1 == 3, "sums are wrong"),
               "check_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3: sums are wrong");
}

TEST(Check, ShowsTheObserverWhatItPrints) {
  EXPECT_DEATH(
      {
        SetCheckObserver(Show);
        MUSTER_CHECK(false, "it broke");
      },
      "seen: .*check_test.cc:[0-9]+: check failed: false: it broke");
}

TEST(Check, DoesNothingIfTheConditionHolds) { MUSTER_CHECK(true, "unused"); }

}  // namespace
}  // namespace muster::ipc
