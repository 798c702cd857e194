#ifndef MUSTER_WORKER_PROTOCOL_VERSION_H_
#define MUSTER_WORKER_PROTOCOL_VERSION_H_

#include "muster/cli/version.h"

namespace muster::worker {

// Of the worker program.
using cli::kVersion;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_PROTOCOL_VERSION_H_
