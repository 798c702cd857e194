#ifndef BENCH_CHANNEL_DUELS_H_
#define BENCH_CHANNEL_DUELS_H_

#include <vector>

#include "bench/duel.h"

namespace muster::bench {

// Channel beside sendmsg and recvmsg on a SEQPACKET socketpair.
std::vector<Duel> ChannelDuels();

}  // namespace muster::bench

#endif  // BENCH_CHANNEL_DUELS_H_
