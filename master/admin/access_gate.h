#ifndef MUSTER_MASTER_ADMIN_ACCESS_GATE_H_
#define MUSTER_MASTER_ADMIN_ACCESS_GATE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "grpcpp/grpcpp.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/access/admin_method.h"
#include "muster/master/access/caller.h"
#include "muster/master/process/log.h"

namespace muster::master {

// Asks the policy in force for each call, and writes a line into the log for each that is refused.
// A flood of these is bounded: after kBurst lines there is one each kBetweenLines, which has the
// number of those that were left out. Thread-safe, but for the destruction.
class AccessGate {
 public:
  static constexpr int kBurst = 20;
  static constexpr std::chrono::seconds kBetweenLines{5};

  // `loop` and `log` outlive it. The lines are written in the loop's thread, those that are on
  // their way at the destruction not at all.
  AccessGate(loop::EventLoop& loop, Log& log, AccessPolicy policy);
  AccessGate(const AccessGate&) = delete;
  AccessGate& operator=(const AccessGate&) = delete;

  // For calls that begin from now on.
  void Set(AccessPolicy policy);
  // OK, or PERMISSION_DENIED with the reason.
  grpc::Status Check(const Caller& caller, const AdminMethod& method);

 private:
  // In the loop's thread.
  class Refusals;

  loop::EventLoop& loop_;
  const std::shared_ptr<Refusals> refusals_;
  std::mutex mutex_;
  std::shared_ptr<const AccessPolicy> policy_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ACCESS_GATE_H_
