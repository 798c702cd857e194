#ifndef WORKER_VERSION_H_
#define WORKER_VERSION_H_

#include "cli/version.h"

namespace muster::worker {

// Of the worker program.
using cli::kVersion;

}  // namespace muster::worker

#endif  // WORKER_VERSION_H_
