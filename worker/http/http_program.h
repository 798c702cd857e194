#ifndef MUSTER_WORKER_HTTP_HTTP_PROGRAM_H_
#define MUSTER_WORKER_HTTP_HTTP_PROGRAM_H_

#include <vector>

#include "google/protobuf/descriptor.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/program.h"

namespace muster::worker::http {

// A worker program that serves HTTP, with handlers of its own. `config_types`: what `service` may
// be beside `http`, for the handlers to read.
Program HttpProgram(Handlers handlers = {},
                    std::vector<const google::protobuf::Descriptor*> config_types = {});

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HTTP_PROGRAM_H_
