#ifndef MUSTER_IPC_BASE_RETRY_H_
#define MUSTER_IPC_BASE_RETRY_H_

#include <cerrno>

namespace muster::ipc {

// Calls `call` until it returns something other than -1 with EINTR, and returns that. Not for
// close(2), which must not be retried on Linux.
template <typename Call>
auto RetryOnEintr(Call call) -> decltype(call()) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_RETRY_H_
