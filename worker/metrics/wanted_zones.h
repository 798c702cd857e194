#ifndef MUSTER_WORKER_METRICS_WANTED_ZONES_H_
#define MUSTER_WORKER_METRICS_WANTED_ZONES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "muster/proto/config.pb.h"

namespace muster::worker {

// A user zone that a configuration asks for.
struct WantedZone {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::string size_field;  // what has to change for another size: "zone[0].size_bytes"
};

// Those that it declares, in their order, and behind them that of `metrics`. Its defaults need not
// be filled in.
std::vector<WantedZone> WantedZones(const config::v1::Config& config);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_WANTED_ZONES_H_
