#ifndef MASTER_SEND_ORDER_H_
#define MASTER_SEND_ORDER_H_

#include <string>

#include "absl/status/status.h"
#include "master/command_line.h"
#include "proto/config.pb.h"

namespace muster::master {

// Tells the running master of `config` what to do, over its admin socket, and waits until it is
// done. If nobody answers there but the pid file names a process, that is sent the order's
// signal, and the outcome is not known: `note` says so then. NotFound: no master
// runs there. Other errors: why it was refused, or how it failed.
absl::Status SendOrder(Order order, const config::v1::Config& config, std::string* note);

}  // namespace muster::master

#endif  // MASTER_SEND_ORDER_H_
