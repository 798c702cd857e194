#ifndef MUSTER_EXAMPLES_WHOAMI_WHOAMI_HANDLER_H_
#define MUSTER_EXAMPLES_WHOAMI_WHOAMI_HANDLER_H_

#include "muster/worker/http/handler.h"

namespace muster::examples {

// Tells the client who it is, and by which listener it came: "127.0.0.1 by direct".
worker::http::Response Whoami(const worker::http::Request& request);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_WHOAMI_WHOAMI_HANDLER_H_
