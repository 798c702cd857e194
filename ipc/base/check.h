#ifndef MUSTER_IPC_BASE_CHECK_H_
#define MUSTER_IPC_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Aborts with the place and `message`, in release builds too. For our own bugs
// only; what the world may do wrong is an absl::Status.
#define MUSTER_CHECK(condition, message)                                                    \
  do {                                                                                      \
    if (!(condition)) [[unlikely]] {                                                        \
      std::fprintf(stderr, "%s:%d: check failed: %s: %s\n", __FILE__, __LINE__, #condition, \
                   message);                                                                \
      std::abort();                                                                         \
    }                                                                                       \
  } while (false)

#endif  // MUSTER_IPC_BASE_CHECK_H_
