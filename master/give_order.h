#ifndef MUSTER_MASTER_GIVE_ORDER_H_
#define MUSTER_MASTER_GIVE_ORDER_H_

#include "muster/master/command_line.h"

namespace muster::master {

// -s: has the running master carry out `order`, and prints why that failed.
ExitCode GiveOrder(const Invocation& invocation, Order order);

}  // namespace muster::master

#endif  // MUSTER_MASTER_GIVE_ORDER_H_
