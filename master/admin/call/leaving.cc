#include "muster/master/admin/call/leaving.h"

#include <atomic>

#include "absl/status/status.h"
#include "muster/master/admin/call/error_details.h"

namespace muster::master {
namespace {

// Of the process, as its end is.
std::atomic<bool> goes_on_as_another = false;

}  // namespace

grpc::Status LeavingStatus() {
  if (!goes_on_as_another.load(std::memory_order_relaxed)) {
    return ToGrpcStatus(absl::UnavailableError("the master is leaving"));
  }
  return ToGrpcStatus(
      absl::UnavailableError("the master becomes another program; it answers again at once"),
      "UPGRADING");
}

void SetGoesOn(bool goes_on) { goes_on_as_another.store(goes_on, std::memory_order_relaxed); }

}  // namespace muster::master
