#ifndef MUSTER_IPC_BASE_CHECK_H_
#define MUSTER_IPC_BASE_CHECK_H_

// Unless `condition` is true, prints the place and `message` to standard error and aborts, in
// release builds too. For our own bugs only. Errors that callers or the system can cause are
// returned as absl::Status.
#define MUSTER_CHECK(condition, message)                                   \
  do {                                                                     \
    if (!(condition)) [[unlikely]] {                                       \
      ::muster::ipc::FailCheck(__FILE__, __LINE__, #condition, (message)); \
    }                                                                      \
  } while (false)

namespace muster::ipc {

[[noreturn]] void FailCheck(const char* file, int line, const char* condition, const char* message);

// Shown "FILE:LINE: check failed: CONDITION: MESSAGE" in the thread whose check failed, before the
// process aborts. The process may be in any state: an observer neither allocates memory nor waits.
using CheckObserver = void (*)(const char* text);
// One for the process. Null: nobody. Thread-safe.
void SetCheckObserver(CheckObserver observer);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_CHECK_H_
