#include "muster/master/admin/access_gate.h"

#include <iterator>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/master/admin/call/error_details.h"
#include "muster/proto/secrets.h"

namespace muster::master {

// A stream that is followed.
class AccessGate::Following {
 public:
  Following(AccessGate& gate, std::list<Stream>::iterator stream) : gate_(gate), stream_(stream) {}
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;
  // Waits while it is being denied.
  ~Following() {
    const std::lock_guard lock(gate_.mutex_);
    gate_.streams_.erase(stream_);
  }

 private:
  AccessGate& gate_;
  const std::list<Stream>::iterator stream_;
};

void AccessGate::Set(AccessPolicy policy, CallPlaces::Limits limits) {
  places_.Set(limits);
  const std::lock_guard lock(mutex_);
  policy_ = std::make_shared<const AccessPolicy>(std::move(policy));
  // Many streams have one caller.
  std::map<std::pair<std::vector<std::string>, const config::AdminMethod*>, AccessPolicy::Decision>
      decided;
  for (const Stream& stream : streams_) {
    const auto [found, is_new] =
        decided.try_emplace({stream.caller.identities, &stream.method}, AccessPolicy::Decision{});
    if (is_new) found->second = policy_->Decide(stream.caller, stream.method);
    if (found->second.is_allowed) continue;
    stream.deny(Deny(stream.caller, stream.method, {.id = stream.id}, found->second.reason));
  }
}

grpc::Status AccessGate::Check(const Caller& caller, const config::AdminMethod& method,
                               const Call& call) {
  const AccessPolicy::Decision decision = policy()->Decide(caller, method);
  if (!decision.is_allowed) return Deny(caller, method, call, decision.reason);
  if (call.context == nullptr) return grpc::Status::OK;
  const absl::Status place = places_.Take(call.context, caller.principal(), method.is_stream);
  if (place.ok()) return grpc::Status::OK;
  if (count_over_bound_) count_over_bound_(method.is_stream);
  audit_.Refuse({.id = call.id,
                 .principal = caller.principal(),
                 .caller = caller.name,
                 .method = method.name()},
                "RESOURCE_EXHAUSTED", place.message());
  return ToGrpcStatus(place, method.is_stream ? "TOO_MANY_STREAMS" : "TOO_MANY_CALLS");
}

std::shared_ptr<void> AccessGate::Follow(const Caller& caller, const config::AdminMethod& method,
                                         std::string id, DenyStream deny) {
  const std::lock_guard lock(mutex_);
  // The rules may have changed since they allowed it.
  const AccessPolicy::Decision decision = policy_->Decide(caller, method);
  if (!decision.is_allowed) deny(Deny(caller, method, {.id = id}, decision.reason));
  streams_.push_back({caller, method, std::move(id), std::move(deny)});
  return std::make_shared<Following>(*this, std::prev(streams_.end()));
}

bool AccessGate::IsOwner(const Caller& caller) const { return policy()->IsOwner(caller); }

std::shared_ptr<const AccessPolicy> AccessGate::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

grpc::Status AccessGate::Deny(const Caller& caller, const config::AdminMethod& method,
                              const Call& call, const std::string& reason) {
  audit_.Refuse(
      {.id = call.id,
       .principal = caller.principal(),
       .caller = caller.name,
       .method = method.name(),
       .arguments = call.request == nullptr ? "" : config::OneLineWithoutSecrets(*call.request)},
      "PERMISSION_DENIED", reason);
  return ToGrpcStatus(absl::PermissionDeniedError(
      absl::StrCat(caller.name, " may not call ", method.name(), ": ", reason)));
}

}  // namespace muster::master
