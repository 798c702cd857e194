#ifndef MUSTER_MASTER_ADMIN_CONNECTION_ACCESS_QUESTION_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_ACCESS_QUESTION_H_

#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"

namespace muster::master {

// Whether the caller of this call may call the method with this path now. Thread-safe.
using AccessQuestion =
    std::function<grpc::Status(absl::string_view path, const grpc::ServerContextBase& call)>;

// Follows a stream that was allowed: as long as what is returned is there, `deny` is called with
// the reason when its caller may not call the method any more, which may be in this call already.
// `deny` must neither block nor end what was returned. Thread-safe.
using DenyStream = std::function<void(const grpc::Status&)>;
using StreamFollower = std::function<std::shared_ptr<void>(
    absl::string_view path, const grpc::ServerContextBase& call, DenyStream deny)>;

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_ACCESS_QUESTION_H_
