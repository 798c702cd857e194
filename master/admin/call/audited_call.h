#ifndef MUSTER_MASTER_ADMIN_CALL_AUDITED_CALL_H_
#define MUSTER_MASTER_ADMIN_CALL_AUDITED_CALL_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "muster/master/access/caller.h"
#include "muster/master/events/call_audit.h"

namespace muster::master {

// A call that changes something, from its begin to its outcome, which CallAudit is told in any
// case: if End was never called, that it did not happen. Movable. One thread at a time.
class AuditedCall {
 public:
  // The generation that serves now. Thread-safe.
  using Generation = std::function<std::uint64_t()>;

  // Takes the id from the client's metadata, or makes one, and puts it into the trailing metadata.
  // The name of the method is that of `request` without "Request". Error: the id is not fit or was
  // used; then nothing is audited. `audit` outlives the call.
  static absl::StatusOr<AuditedCall> Begin(CallAudit& audit, Generation generation,
                                           const Caller& caller,
                                           grpc::CallbackServerContext& context,
                                           const google::protobuf::Message& request);
  ~AuditedCall();
  AuditedCall(AuditedCall&& other) noexcept
      : audit_(std::exchange(other.audit_, nullptr)),
        generation_(std::move(other.generation_)),
        principal_(std::move(other.principal_)),
        id_(std::move(other.id_)) {}
  AuditedCall& operator=(AuditedCall&&) = delete;

  // Does nothing from the second time on.
  void End(const absl::Status& status);

 private:
  AuditedCall(CallAudit& audit, Generation generation, std::string principal, std::string id)
      : audit_(&audit),
        generation_(std::move(generation)),
        principal_(std::move(principal)),
        id_(std::move(id)) {}

  CallAudit* audit_;  // null: it has ended
  Generation generation_;
  std::string principal_;
  std::string id_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CALL_AUDITED_CALL_H_
