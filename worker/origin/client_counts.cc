#include "muster/worker/origin/client_counts.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace muster::worker {
namespace {

std::uint64_t BitsOf(const std::array<std::uint8_t, 16>& bytes, std::size_t from, std::size_t to) {
  std::uint64_t bits = 0;
  for (std::size_t i = from; i < to; ++i) bits = bits << 8 | bytes[i];
  return bits;
}

bool IsMapped(const std::array<std::uint8_t, 16>& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 10,
                     [](std::uint8_t byte) { return byte == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

}  // namespace

ClientCounts::Client ClientCounts::ClientOf(const Origin& origin) {
  const PeerAddress& address = origin.address;
  switch (address.family()) {
    case AF_INET:
      return {.bits = BitsOf(address.bytes(), 0, 4), .family = AF_INET};
    case AF_INET6:
      if (IsMapped(address.bytes())) {
        return {.bits = BitsOf(address.bytes(), 12, 16), .family = AF_INET};
      }
      return {.bits = BitsOf(address.bytes(), 0, 8), .family = AF_INET6};
    default:
      break;
  }
  return {.bits = origin.credentials.has_value() ? origin.credentials->uid : ~std::uint64_t{0},
          .family = AF_UNIX};
}

ClientCounts::Entry* ClientCounts::Add(const Origin& origin) {
  Entry& entry = *counts_.try_emplace(ClientOf(origin), 0).first;
  ++entry.second;
  return &entry;
}

void ClientCounts::Subtract(Entry* entry) {
  if (--entry->second == 0) counts_.erase(Client(entry->first));
}

std::uint32_t ClientCounts::CountOf(const Origin& origin) const {
  const auto found = counts_.find(ClientOf(origin));
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace muster::worker
