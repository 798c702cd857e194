#ifndef MUSTER_CTL_EXIT_CODE_H_
#define MUSTER_CTL_EXIT_CODE_H_

#include "absl/status/status.h"

namespace muster::ctl {

// The exit code of ctl, for scripts. Part of the interface: docs/CTL.md.
enum class ExitCode {
  kDone = 0,
  kFailed = 1,  // refused or failed; the reason is on standard error
  kUsage = 2,
  kNoMaster = 3,
  kUnknown = 4,  // no answer came in time, or the connection was lost; the order may have been done
  kSome = 5,     // of several masters some have answered, and some have not
};

// Returns `error` with the code to exit with, which it keeps in a payload. One without a message is
// not printed: what there is to say was said.
absl::Status ExitWith(ExitCode code, absl::Status error);

// Returns the code to exit with after `status`: that of ExitWith. Without one, kUnknown for
// DeadlineExceeded and Unavailable, since no answer came, and kFailed for all other errors.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_EXIT_CODE_H_
