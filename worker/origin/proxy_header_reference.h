#ifndef MUSTER_WORKER_ORIGIN_PROXY_HEADER_REFERENCE_H_
#define MUSTER_WORKER_ORIGIN_PROXY_HEADER_REFERENCE_H_

#include <string>

#include "muster/worker/origin/proxy_header.h"

namespace muster::worker {

// What ParseProxyHeader has to return, but for the problem, written a second time for tests: as
// regular expressions and lists, with no thought of speed.
ProxyHeader ReadProxyHeaderByTheRules(const std::string& bytes);

// The CRC32c of `bytes`, bit by bit.
std::uint32_t Crc32cByTheRules(const std::string& bytes);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ORIGIN_PROXY_HEADER_REFERENCE_H_
