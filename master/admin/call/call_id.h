#ifndef MUSTER_MASTER_ADMIN_CALL_CALL_ID_H_
#define MUSTER_MASTER_ADMIN_CALL_CALL_ID_H_

#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"

namespace muster::master {

// The metadata, of the call and of its answer, that has the id of a call.
inline constexpr char kCallIdKey[] = "x-request-id";

// The id that the client chose; empty: none. InvalidArgument: it is not fit to be one, or there are
// several.
absl::StatusOr<std::string> CallIdOf(const grpc::CallbackServerContext& context);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CALL_CALL_ID_H_
