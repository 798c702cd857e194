#include "muster/worker/websocket/wire/frame_mask.h"

#include <algorithm>
#include <cstring>

namespace muster::worker::websocket {

void FrameMask::Apply(char* bytes, std::size_t size) {
  std::uint64_t wide;
  std::memcpy(&wide, key_.data(), key_.size());
  std::memcpy(reinterpret_cast<char*>(&wide) + key_.size(), key_.data(), key_.size());
  std::size_t at = 0;
  for (; size - at >= sizeof(wide); at += sizeof(wide)) {
    std::uint64_t word;
    std::memcpy(&word, bytes + at, sizeof(word));
    word ^= wide;
    std::memcpy(bytes + at, &word, sizeof(word));
  }
  for (; at < size; ++at) bytes[at] = static_cast<char>(bytes[at] ^ key_[at % key_.size()]);
  std::rotate(key_.begin(), key_.begin() + static_cast<std::ptrdiff_t>(size % key_.size()),
              key_.end());
}

}  // namespace muster::worker::websocket
