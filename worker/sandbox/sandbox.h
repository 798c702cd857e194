#ifndef MUSTER_WORKER_SANDBOX_SANDBOX_H_
#define MUSTER_WORKER_SANDBOX_SANDBOX_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/sandbox/sandbox_needs.h"

namespace muster::worker {

// Takes from this process, for good, what neither a worker with this configuration needs nor its
// program: system calls by seccomp (system_call_filter.h), files by Landlock (landlock.h). With
// LOG, refused system calls are logged by the kernel and carried out, and files are left alone.
// With OFF it does nothing, as in programs that are built with a sanitizer, which needs more than
// the program.
//
// To be called by the only thread, with all libraries loaded, before anything of the service is
// made. What is open stays usable. It reads the time zone, and sets no_new_privs. Keeps one
// descriptor open.
//
// Returns what the operator should know, such as that the kernel has no Landlock; empty: nothing.
// FailedPrecondition: there are other threads. InvalidArgument: the needs name a system call that
// does not exist. Other errors: the kernel refused. After an error the process may be half confined
// and must not serve.
//
// `open_logs`: paths of logs that the master opens for this process.
absl::StatusOr<std::string> EnterSandbox(const config::v1::Config& config,
                                         const SandboxNeeds& needs,
                                         const std::set<std::string>& open_logs);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_SANDBOX_SANDBOX_H_
