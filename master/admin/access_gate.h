#ifndef MUSTER_MASTER_ADMIN_ACCESS_GATE_H_
#define MUSTER_MASTER_ADMIN_ACCESS_GATE_H_

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "muster/config/access/admin_method.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/access/caller.h"
#include "muster/master/admin/connection/access_question.h"
#include "muster/master/admin/connection/call_places.h"
#include "muster/master/events/call_audit.h"

namespace muster::master {

// Asks the policy in force for each call, and whether its caller has a place for it, and has those
// that are refused audited. Ends the streams whose callers may not have them any more. Thread-safe:
// gRPC's threads call it.
class AccessGate {
 public:
  // Told of each call that is refused since its caller has too many under way. Null: nobody.
  using CountOverBound = std::function<void(bool is_stream)>;

  // `audit` outlives it.
  AccessGate(CallAudit& audit, AccessPolicy policy, CallPlaces::Limits limits = {},
             CountOverBound count_over_bound = nullptr)
      : audit_(audit),
        count_over_bound_(std::move(count_over_bound)),
        places_(limits),
        policy_(std::make_shared<const AccessPolicy>(std::move(policy))) {}
  AccessGate(const AccessGate&) = delete;
  AccessGate& operator=(const AccessGate&) = delete;

  // For calls that begin from now on, and for streams under way, which it ends before it returns.
  void Set(AccessPolicy policy, CallPlaces::Limits limits = {});

  // What is known of a call beside who makes it.
  struct Call {
    const void* context = nullptr;  // which Leave is called with; null: it takes no place
    std::string id{};               // that the client chose
    const google::protobuf::Message* request = nullptr;
  };
  // OK, PERMISSION_DENIED with the reason, or RESOURCE_EXHAUSTED: the caller has too many calls
  // under way. If it is OK, the call has a place until Leave.
  grpc::Status Check(const Caller& caller, const config::AdminMethod& method, const Call& call);
  grpc::Status Check(const Caller& caller, const config::AdminMethod& method) {
    return Check(caller, method, Call{});
  }
  // The call with this context is over.
  void Leave(const void* context) { places_.Leave(context); }

  // Of a stream that Check allowed: see StreamFollower.
  std::shared_ptr<void> Follow(const Caller& caller, const config::AdminMethod& method,
                               std::string id, DenyStream deny);

  // Whether places are kept for him.
  bool IsOwner(const Caller& caller) const;
  const CallPlaces& places() const { return places_; }

 private:
  struct Stream {
    Caller caller;
    const config::AdminMethod& method;
    std::string id;
    DenyStream deny;
  };
  class Following;

  std::shared_ptr<const AccessPolicy> policy() const;
  grpc::Status Deny(const Caller& caller, const config::AdminMethod& method, const Call& call,
                    const std::string& reason);

  CallAudit& audit_;
  const CountOverBound count_over_bound_;
  CallPlaces places_;
  mutable std::mutex mutex_;  // guards the rest; held while a stream is denied
  std::shared_ptr<const AccessPolicy> policy_;
  std::list<Stream> streams_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ACCESS_GATE_H_
