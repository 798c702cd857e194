// What most sources of the admin service include beside standard.h: the messages and gRPC. The
// classes that gRPC makes of the service are in few of them, and cost each source more than all the
// rest.
#pragma once

#include "bazel/prelude/state.h"
#include "grpcpp/grpcpp.h"
