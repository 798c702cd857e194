#ifndef MUSTER_IPC_CHANNEL_TEST_PAIR_H_
#define MUSTER_IPC_CHANNEL_TEST_PAIR_H_

#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/channel/channel.h"

namespace muster::ipc {

// Both ends of a channel, for tests.
inline Channel::Pair MakePair() {
  auto pair = Channel::CreatePair();
  EXPECT_TRUE(pair.ok()) << pair.status();
  return *std::move(pair);
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_TEST_PAIR_H_
