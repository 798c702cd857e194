#ifndef MUSTER_CTL_EXIT_CODE_H_
#define MUSTER_CTL_EXIT_CODE_H_

namespace muster::ctl {

// What ctl tells the script that called it. Part of the interface: docs/CTL.md.
enum class ExitCode {
  kDone = 0,
  kFailed = 1,  // refused or failed; the reason is on standard error
  kUsage = 2,
  kNoMaster = 3,
  kUnknown = 4,  // no answer came in time, or ever will: what was ordered may have been done
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_EXIT_CODE_H_
