#ifndef MUSTER_MASTER_SEND_ORDER_H_
#define MUSTER_MASTER_SEND_ORDER_H_

#include <string>

#include "absl/status/status.h"
#include "muster/master/command_line.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// Sends `order` to the running master of `config`, over its admin socket, and waits until it is
// carried out. NotFound: no master runs. Unavailable: the master does not answer, or the connection
// was lost before the answer, so the outcome is unknown. A master that does not answer gets
// the order's signal, if it holds the lock of the pid file that names it. Other errors: why the
// order was refused, or how it failed.
absl::Status SendOrder(Order order, const config::v1::Config& config);

}  // namespace muster::master

#endif  // MUSTER_MASTER_SEND_ORDER_H_
