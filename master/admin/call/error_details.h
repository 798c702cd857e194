#ifndef MUSTER_MASTER_ADMIN_CALL_ERROR_DETAILS_H_
#define MUSTER_MASTER_ADMIN_CALL_ERROR_DETAILS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"

namespace muster::master {

// Of the details of an error, as they are sent. They are in the trailing metadata, which gRPC's
// clients take up to 8 KiB of, with the message. Beside a message that is longer there are no
// mistakes.
inline constexpr std::size_t kMostDetailBytes = 3072;

// The status as gRPC has it, and for an error what programs want to know beside the message:
// google.rpc.Status with an ErrorInfo, a BadRequest with each mistake of a configuration, or a
// PreconditionFailure. Mistakes that there is no room for are left out, the last ones. `reason`: of
// the ErrorInfo; empty: that of the error (proto/error_reason.h), else that of the code.
grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view reason = "");

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CALL_ERROR_DETAILS_H_
