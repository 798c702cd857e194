#ifndef MUSTER_BENCH_CHANNEL_DUELS_H_
#define MUSTER_BENCH_CHANNEL_DUELS_H_

#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// Channel beside sendmsg and recvmsg on a SEQPACKET socketpair.
std::vector<Duel> ChannelDuels();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_CHANNEL_DUELS_H_
