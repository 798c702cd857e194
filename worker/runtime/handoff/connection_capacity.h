#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_CONNECTION_CAPACITY_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_CONNECTION_CAPACITY_H_

#include <algorithm>
#include <cstdint>

namespace muster::worker {

// How many connections a worker can hold that holds `held` now and may open `spare` descriptors
// more. It leaves some for the `files` that it may serve from: a quarter of the rest if there are
// few.
inline std::uint32_t ConnectionCapacity(std::uint32_t worker_connections, std::uint64_t held,
                                        std::uint64_t spare, std::uint64_t files) {
  const std::uint64_t for_connections = spare - std::min(files, spare / 4);
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(worker_connections, held + for_connections));
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_CONNECTION_CAPACITY_H_
