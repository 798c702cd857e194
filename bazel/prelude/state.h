// What most sources of the master and of ctl include beside standard.h: the messages of the admin
// service, and those in which a master keeps its state.
#pragma once

#include "bazel/prelude/config.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/state/core_state.pb.h"
#include "muster/proto/state/deployment_state.pb.h"
#include "muster/proto/state/process_state.pb.h"
