#ifndef MUSTER_BENCH_ZONE_DUELS_H_
#define MUSTER_BENCH_ZONE_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// A lock whose owner lives, looked at without a parent that tells of deaths; and the burial of one
// that had opened few of a zone's many objects.
std::vector<Duel> ZoneDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_ZONE_DUELS_H_
