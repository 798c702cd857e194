#include "muster/master/admin/access_gate.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/master/admin/call/error_details.h"
#include "muster/proto/secrets.h"

namespace muster::master {

void AccessGate::Set(AccessPolicy policy) {
  auto shared = std::make_shared<const AccessPolicy>(std::move(policy));
  const std::lock_guard lock(mutex_);
  policy_.swap(shared);
}

grpc::Status AccessGate::Check(const Caller& caller, const AdminMethod& method,
                               const std::string& id, const google::protobuf::Message* request) {
  std::shared_ptr<const AccessPolicy> policy;
  {
    const std::lock_guard lock(mutex_);
    policy = policy_;
  }
  const AccessPolicy::Decision decision = policy->Decide(caller, method);
  if (decision.is_allowed) return grpc::Status::OK;
  audit_.Refuse({.id = id,
                 .principal = caller.principal(),
                 .caller = caller.name,
                 .method = method.name(),
                 .arguments = request == nullptr ? "" : config::OneLineWithoutSecrets(*request)},
                decision.reason);
  return ToGrpcStatus(absl::PermissionDeniedError(
      absl::StrCat(caller.name, " may not call ", method.name(), ": ", decision.reason)));
}

}  // namespace muster::master
