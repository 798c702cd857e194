#ifndef MUSTER_IPC_BASE_CHECK_H_
#define MUSTER_IPC_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Unless `condition` is true, prints the place and `message` to standard error and aborts, in
// release builds too. For our own bugs only. Errors that callers or the system can cause are
// returned as absl::Status.
#define MUSTER_CHECK(condition, message)                                                    \
  do {                                                                                      \
    if (!(condition)) [[unlikely]] {                                                        \
      std::fprintf(stderr, "%s:%d: check failed: %s: %s\n", __FILE__, __LINE__, #condition, \
                   message);                                                                \
      std::abort();                                                                         \
    }                                                                                       \
  } while (false)

#endif  // MUSTER_IPC_BASE_CHECK_H_
