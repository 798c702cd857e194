#ifndef MUSTER_MASTER_ADMIN_CONNECTION_ACCESS_QUESTION_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_ACCESS_QUESTION_H_

#include <functional>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"

namespace muster::master {

// Whether the caller of this call may call the method with this path now. Thread-safe.
using AccessQuestion =
    std::function<grpc::Status(absl::string_view path, const grpc::ServerContextBase& call)>;

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_ACCESS_QUESTION_H_
