#ifndef MUSTER_MASTER_ADMIN_ACCESS_GATE_H_
#define MUSTER_MASTER_ADMIN_ACCESS_GATE_H_

#include <memory>
#include <mutex>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/access/admin_method.h"
#include "muster/master/access/caller.h"
#include "muster/master/admin/refusal_log.h"
#include "muster/master/process/log.h"

namespace muster::master {

// Asks the policy in force for each call, and tells the log of those that are refused, as far as
// RefusalLog lets it. Thread-safe: gRPC's threads call it.
class AccessGate {
 public:
  // `log` outlives it.
  AccessGate(Log& log, AccessPolicy policy) : log_(log) { Set(std::move(policy)); }
  AccessGate(const AccessGate&) = delete;
  AccessGate& operator=(const AccessGate&) = delete;

  // For calls that begin from now on.
  void Set(AccessPolicy policy);
  // OK, or PERMISSION_DENIED with the reason.
  grpc::Status Check(const Caller& caller, const AdminMethod& method);

 private:
  Log& log_;
  std::mutex mutex_;
  std::shared_ptr<const AccessPolicy> policy_;
  RefusalLog refusals_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ACCESS_GATE_H_
