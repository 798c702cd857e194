#include "muster/master/admin/access_gate.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/loop/clock.h"

namespace muster::master {

void AccessGate::Set(AccessPolicy policy) {
  auto shared = std::make_shared<const AccessPolicy>(std::move(policy));
  const std::lock_guard lock(mutex_);
  policy_.swap(shared);
}

grpc::Status AccessGate::Check(const Caller& caller, const AdminMethod& method) {
  std::shared_ptr<const AccessPolicy> policy;
  {
    const std::lock_guard lock(mutex_);
    policy = policy_;
  }
  const AccessPolicy::Decision decision = policy->Decide(caller, method);
  if (decision.is_allowed) return grpc::Status::OK;
  std::optional<std::string> line;
  {
    const std::lock_guard lock(mutex_);
    line =
        refusals_.LineFor(absl::StrCat(method.name(), " to ", caller.name, ": ", decision.reason),
                          loop::Clock::now());
  }
  if (line.has_value()) log_.Write(Severity::kWarning, *line);
  return {grpc::StatusCode::PERMISSION_DENIED,
          absl::StrCat(caller.name, " may not call ", method.name(), ": ", decision.reason)};
}

}  // namespace muster::master
