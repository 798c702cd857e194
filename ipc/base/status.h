#ifndef MUSTER_IPC_BASE_STATUS_H_
#define MUSTER_IPC_BASE_STATUS_H_

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::ipc {

// A status with the canonical code for `error` and the message "<call and object>: <reason>", for
// example "bind 127.0.0.1:80: Permission denied". Call it before anything that may change errno,
// or save errno first and pass it.
absl::Status ErrnoStatus(absl::string_view what, int error = errno);

// `status` with "<context>: " before its message, and with the same payloads. OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace muster::ipc

// Returns the status of `expression` from the enclosing function unless it is OK.
#define MUSTER_RETURN_IF_ERROR(expression)                                  \
  do {                                                                      \
    if (absl::Status muster_status_ = (expression); !muster_status_.ok()) { \
      return muster_status_;                                                \
    }                                                                       \
  } while (false)

// MUSTER_ASSIGN_OR_RETURN(auto fd, Open(path)): assigns the value, or returns the status from the
// enclosing function. It expands to several statements.
#define MUSTER_ASSIGN_OR_RETURN(target, expression) \
  MUSTER_ASSIGN_OR_RETURN_(MUSTER_CONCAT_(muster_result_, __LINE__), target, expression)
#define MUSTER_ASSIGN_OR_RETURN_(result, target, expression) \
  auto result = (expression);                                \
  if (!result.ok()) return std::move(result).status();       \
  target = *std::move(result)
#define MUSTER_CONCAT_(a, b) MUSTER_CONCAT_TOKENS_(a, b)
#define MUSTER_CONCAT_TOKENS_(a, b) a##b

#endif  // MUSTER_IPC_BASE_STATUS_H_
