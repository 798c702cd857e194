#include "muster/master/admin/call/call_methods.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/log/printable.h"
#include "muster/master/admin/call/error_details.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerGetCall(const CallAudit& audit, const Caller& caller,
                                        grpc::CallbackServerContext* context,
                                        const admin::v1::GetCallRequest* request,
                                        admin::v1::Call* response) {
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  std::optional<admin::v1::Call> found = audit.Find(caller.principal(), request->id());
  if (found.has_value()) {
    *response = *std::move(found);
    call->Finish(grpc::Status::OK);
  } else {
    call->Finish(ToGrpcStatus(
        absl::NotFoundError(absl::StrCat("no call that changes something has the id \"",
                                         log::Printable(request->id()),
                                         "\" in this run of the master, or it is long "
                                         "ago")),
        "CALL_UNKNOWN"));
  }
  return call;
}

grpc::ServerUnaryReactor* AnswerListCalls(const CallAudit& audit,
                                          grpc::CallbackServerContext* context,
                                          admin::v1::ListCallsResponse* response) {
  for (admin::v1::Call& call : audit.List()) *response->add_calls() = std::move(call);
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  call->Finish(grpc::Status::OK);
  return call;
}

}  // namespace muster::master
