#ifndef MUSTER_WORKER_HTTP_HTTP_PROGRAM_H_
#define MUSTER_WORKER_HTTP_HTTP_PROGRAM_H_

#include <vector>

#include "google/protobuf/descriptor.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/program.h"

namespace muster::worker::http {

// A worker program that serves HTTP. `handlers`: the handlers that locations may name.
// `config_types`: the messages that the configuration's `service` may be, next to `http`. The
// handlers read it with Context::ServiceConfig. Without either, all that the program does is known,
// and it runs in a sandbox. With one of them, set `sandbox` of the program to have it in one.
Program HttpProgram(Handlers handlers = {},
                    std::vector<const google::protobuf::Descriptor*> config_types = {});

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HTTP_PROGRAM_H_
