#ifndef MUSTER_PROCESS_ENV_CRASH_REPORT_H_
#define MUSTER_PROCESS_ENV_CRASH_REPORT_H_

#include <string>

namespace muster::process_env {

// From now on, SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT in any thread write `who`, the signal
// and the stack of the thread to standard error, by Abseil's failure signal handler. `who` is what
// the log calls this process: "worker 3 of generation 7"; it is cut after 80 bytes. The process
// ends by the same signal as without, also when the crash was inside malloc, and within
// kCrashReportSeconds, whatever holds up the report: a reader of standard error that does not read,
// a lock that the crashed thread holds, a stack that cannot be walked.
//
// Call it in the main thread, before other threads are started; that thread gets an alternate
// signal stack, so its report comes after an overflow of the stack, too. A second call changes
// `who`. A child of fork writes nothing. A signal that the process sends to itself counts; one that
// somebody else has sent is written, too. Does nothing in builds with a sanitizer, which have such
// a report of their own.
void ReportCrashes(const std::string& who);

inline constexpr unsigned kCrashReportSeconds = 3;

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_CRASH_REPORT_H_
