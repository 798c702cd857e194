#include "muster/master/admin/call/audited_call.h"

#include "absl/strings/strip.h"
#include "muster/ipc/base/status.h"
#include "muster/master/admin/call/call_id.h"
#include "muster/proto/error_reason.h"
#include "muster/proto/secrets.h"

namespace muster::master {

absl::StatusOr<AuditedCall> AuditedCall::Begin(CallAudit& audit, Generation generation,
                                               const Caller& caller,
                                               grpc::CallbackServerContext& context,
                                               const google::protobuf::Message& request) {
  MUSTER_ASSIGN_OR_RETURN(std::string chosen, CallIdOf(context));
  const std::string method(absl::StripSuffix(request.GetDescriptor()->name(), "Request"));
  MUSTER_ASSIGN_OR_RETURN(std::string id,
                          audit.Begin({.id = chosen,
                                       .principal = caller.principal(),
                                       .caller = caller.name,
                                       .method = method,
                                       .arguments = config::OneLineWithoutSecrets(request),
                                       .generation = generation()}));
  // Who chose it is answered with it already.
  if (chosen.empty()) context.AddTrailingMetadata(kCallIdKey, id);
  return AuditedCall(audit, std::move(generation), caller.principal(), std::move(id));
}

AuditedCall::~AuditedCall() { End(absl::CancelledError("it did not begin, or the master left")); }

void AuditedCall::End(const absl::Status& status) {
  CallAudit* const audit = std::exchange(audit_, nullptr);
  if (audit == nullptr) return;
  // The other program knows the outcome (CallAudit::EndUpgrades).
  if (config::ErrorReasonOf(status) == "UPGRADING") return;
  audit->End(principal_, id_, absl::StatusCodeToString(status.code()), status.message(),
             generation_());
}

}  // namespace muster::master
