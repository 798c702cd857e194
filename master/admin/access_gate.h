#ifndef MUSTER_MASTER_ADMIN_ACCESS_GATE_H_
#define MUSTER_MASTER_ADMIN_ACCESS_GATE_H_

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/access/admin_method.h"
#include "muster/master/access/caller.h"
#include "muster/master/events/call_audit.h"

namespace muster::master {

// Asks the policy in force for each call, and has those that are refused audited. Thread-safe:
// gRPC's threads call it.
class AccessGate {
 public:
  // `audit` outlives it.
  AccessGate(CallAudit& audit, AccessPolicy policy) : audit_(audit) { Set(std::move(policy)); }
  AccessGate(const AccessGate&) = delete;
  AccessGate& operator=(const AccessGate&) = delete;

  // For calls that begin from now on.
  void Set(AccessPolicy policy);
  // OK, or PERMISSION_DENIED with the reason. `id`: that the client chose for the call. `request`:
  // null, if it is not known.
  grpc::Status Check(const Caller& caller, const AdminMethod& method, const std::string& id = "",
                     const google::protobuf::Message* request = nullptr);

 private:
  CallAudit& audit_;
  std::mutex mutex_;
  std::shared_ptr<const AccessPolicy> policy_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ACCESS_GATE_H_
