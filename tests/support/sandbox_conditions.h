#ifndef MUSTER_TESTS_SUPPORT_SANDBOX_CONDITIONS_H_
#define MUSTER_TESTS_SUPPORT_SANDBOX_CONDITIONS_H_

#include <sys/types.h>

#include <string>

namespace muster::tests {

// What this build and this kernel have of a sandbox.

#if defined(MUSTER_SANITIZER)
inline constexpr bool kHasSanitizer = true;
#else
inline constexpr bool kHasSanitizer = false;
#endif

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): it skips the test that it is in
#define NEEDS_A_SANDBOX()             \
  if (::muster::tests::kHasSanitizer) \
  GTEST_SKIP() << "a program that is built with a sanitizer has no sandbox"

bool HasLandlock();
// What is executed by this process from now on has a kernel without Landlock. False: it cannot be.
bool HideLandlock();
// The text of /proc/PID/status.
std::string StatusOf(pid_t pid);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_SANDBOX_CONDITIONS_H_
