#ifndef MUSTER_WORKER_ORIGIN_CLIENT_COUNTS_H_
#define MUSTER_WORKER_ORIGIN_CLIENT_COUNTS_H_

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "absl/hash/hash.h"
#include "muster/worker/origin/origin.h"

namespace muster::worker {

// How many connections each client has at one worker. A client is an IPv4 address, the first 64
// bits of an IPv6 address, which one site has for itself, or a user of a Unix socket. Costs memory
// for clients that have connections only. In the loop's thread.
class ClientCounts {
 public:
  struct Client {
    std::uint64_t bits = 0;
    std::uint32_t family = 0;

    friend bool operator==(const Client&, const Client&) = default;
    template <typename H>
    friend H AbslHashValue(H hash, const Client& client) {
      return H::combine(std::move(hash), client.bits, client.family);
    }
  };
  // A client and its connections. It stays where it is until Subtract has come to zero.
  using Entry = std::pair<const Client, std::uint32_t>;

  // IPv4 within IPv6 (::ffff:192.0.2.1) is IPv4.
  static Client ClientOf(const Origin& origin);

  ClientCounts() = default;
  ClientCounts(const ClientCounts&) = delete;
  ClientCounts& operator=(const ClientCounts&) = delete;

  // One connection more, and one less.
  Entry* Add(const Origin& origin);
  void Subtract(Entry* entry);

  std::uint32_t CountOf(const Origin& origin) const;
  // That have connections.
  std::size_t clients() const { return counts_.size(); }

 private:
  // Clients choose their addresses, so its hash has a secret, which absl's is given by where the
  // program is loaded.
  std::unordered_map<Client, std::uint32_t, absl::Hash<Client>> counts_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ORIGIN_CLIENT_COUNTS_H_
