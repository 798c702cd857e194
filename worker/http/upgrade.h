#ifndef MUSTER_WORKER_HTTP_UPGRADE_H_
#define MUSTER_WORKER_HTTP_UPGRADE_H_

#include <functional>
#include <string>

#include "muster/worker/runtime/connection.h"

namespace muster::worker::http {

// What becomes of a connection that leaves HTTP (RFC 9110, 7.8).
struct Upgrade {
  // Takes over the connection once the client was sent 101, in the loop's thread. `unread` is what
  // it has sent behind its request. Not called if the client is gone before.
  std::function<void(worker::Connection connection, std::string unread)> take;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_UPGRADE_H_
