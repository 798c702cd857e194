#ifndef MUSTER_WORKER_ORIGIN_PROXY_HEADER_H_
#define MUSTER_WORKER_ORIGIN_PROXY_HEADER_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "muster/worker/origin/peer_address.h"

namespace muster::worker {

// The PROXY protocol: with a header before all else a proxy tells for whom it has connected. Both
// versions of doc/proxy-protocol.txt of HAProxy are read: a line of text, and a binary header.
//
// What deviates from that text is invalid, and as soon as that is sure. Two things are stricter
// here: a version 2 header is bounded, and its vectors (TLVs) must fill it exactly. What they say
// is skipped, except for the checksum, which must be right.
struct ProxyHeader {
  enum class State {
    kIncomplete,  // so far it is right
    kComplete,
    kInvalid,
  };
  State state = State::kIncomplete;
  // Of a complete one: how many of the bytes it is. What is behind them is the client's.
  std::size_t size_bytes = 0;
  // Of a complete one: the client's. None: the connection is for the proxy itself (LOCAL), or for a
  // client of which there is no address of TCP (UNKNOWN, UNSPEC, Unix sockets, datagrams). Then the
  // client is the connection's own peer.
  std::optional<PeerAddress> source = {};
  // Of an invalid one: what it does wrong, after "its header".
  absl::string_view problem = {};
};

// Reads the header at the front of `bytes`, which are all that have come so far. A pure function:
// with more bytes a header that is complete or invalid stays as it is.
ProxyHeader ParseProxyHeader(absl::string_view bytes);

// No longer header is read; the text has 107 bytes at most, and no sender is known whose binary one
// is a tenth as long. A header stays in the socket until it is complete, so it has to fit there
// whatever the system's limits are.
inline constexpr std::size_t kMostProxyHeaderBytes = 16 << 10;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ORIGIN_PROXY_HEADER_H_
