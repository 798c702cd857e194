#ifndef MUSTER_IPC_TESTING_VALUE_H_
#define MUSTER_IPC_TESTING_VALUE_H_

#include <utility>

#include "absl/status/statusor.h"
#include "muster/ipc/base/check.h"

namespace muster::ipc::testing {

// What `result` holds. Aborts with its message if it holds none.
template <typename T>
T Value(absl::StatusOr<T> result) {
  MUSTER_CHECK(result.ok(), result.status().ToString().c_str());
  return *std::move(result);
}

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_VALUE_H_
