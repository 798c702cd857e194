#ifndef MUSTER_WORKER_THREADS_POOL_THREAD_H_
#define MUSTER_WORKER_THREADS_POOL_THREAD_H_

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/status/statusor.h"

namespace muster::worker {

// Starts a thread that runs `body`, as all threads of a pool are. It is called "muster/pool-NUMBER"
// in ps and in debuggers, cut after 15 bytes. All signals are blocked in it but those that tell of
// a mistake of its own: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS and SIGABRT. So the loop's
// thread gets the others, and no handler interrupts a call of `body`. It has an alternate signal
// stack: if its own stack overflows, the log has that stack as well (process_env/crash_report.h).
// Error: the system has no more threads for this process.
absl::StatusOr<std::thread> StartPoolThread(std::uint32_t number, std::function<void()> body);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_THREADS_POOL_THREAD_H_
