#ifndef MUSTER_MASTER_SEND_ORDER_H_
#define MUSTER_MASTER_SEND_ORDER_H_

#include <string>

#include "absl/status/status.h"
#include "muster/master/command_line.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// Tells the running master of `config` what to do, over its admin socket, and waits until it is
// done. NotFound: no master runs there. Unavailable: it does not answer, or the connection was lost
// before it did, so the outcome is unknown; a process that the pid file names and that does not
// answer was sent the order's signal. Other errors: why it was refused, or how it failed.
absl::Status SendOrder(Order order, const config::v1::Config& config);

}  // namespace muster::master

#endif  // MUSTER_MASTER_SEND_ORDER_H_
