#ifndef MUSTER_MASTER_ADMIN_CONNECTION_STATUS_BOUND_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_STATUS_BOUND_H_

#include <cstddef>

#include "grpcpp/grpcpp.h"

namespace muster::master {

// Of the message and the details of a status, as they are sent. They are in the trailing metadata,
// of which gRPC's clients take 8 KiB; a client that gets more closes its connection, and all its
// calls end with UNAVAILABLE. What is left is for x-request-id and gRPC's own fields.
inline constexpr std::size_t kMostStatusBytes = 7 * 1024;

// The size of the message and the details of `status` as gRPC sends them: each byte of the message
// that is not a printable ASCII character, or is '%', takes three, and the details are in Base64.
std::size_t SentBytes(const grpc::Status& status);

// `status` with as much of its message as there is room for, cut at the end of a character and
// ended with "..."; the details are left out if there is no room for them alone.
grpc::Status BoundStatus(const grpc::Status& status);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_STATUS_BOUND_H_
