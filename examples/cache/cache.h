#ifndef MUSTER_EXAMPLES_CACHE_CACHE_H_
#define MUSTER_EXAMPLES_CACHE_CACHE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/runtime/service.h"

namespace muster::examples {

// A cache that speaks memcached's text protocol. Its data are in the zone "cache": all workers
// serve the same, and it stays over reloads and deaths of workers.
absl::StatusOr<std::unique_ptr<worker::Service>> MakeCache(worker::Context& context);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_CACHE_CACHE_H_
