// What most sources of the master and of ctl include beside standard.h: the messages and gRPC.
#pragma once

#include "grpcpp/grpcpp.h"
#include "muster/proto/admin.grpc.pb.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/state/process_state.pb.h"
