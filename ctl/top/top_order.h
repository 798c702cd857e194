#ifndef MUSTER_CTL_TOP_TOP_ORDER_H_
#define MUSTER_CTL_TOP_TOP_ORDER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// An order about one process of a worker. A value.
struct TopOrder {
  admin::v1::ChangeWorkerRequest::Change change;  // RESTART or DRAIN
  std::uint32_t number = 0;
  std::uint64_t generation = 0;
  int pid = 0;  // 0: no process runs, since the worker waits for its next one or was given up

  // "restart worker 1 (generation 2, pid 4712)". `doing`: "restarting worker 1 ...".
  std::string Text(bool doing = false) const;
};

// What has become of an order.
struct TopOutcome {
  std::string unsent;  // why it was not sent; empty: it was
  // If it was sent. The message of an error is for the operator.
  absl::StatusOr<admin::v1::ChangeWorkerResponse> answer;
};

// Why the order must not be sent to a master with this status: "it has ended". The master finds a
// worker by its number, so the order would reach another process than the operator meant, or one
// that is at its end. Empty: it reaches the one that is meant.
std::string WhyNotSent(const TopOrder& order, const admin::v1::Status& status);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_ORDER_H_
