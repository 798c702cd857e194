#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_MASK_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_MASK_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace muster::worker::websocket {

// The masking key of a client's frame, which unmasks its payload in pieces of any size (RFC 6455,
// 5.3). It turns with each byte, so what is left to do never depends on how much was done.
class FrameMask {
 public:
  FrameMask() = default;
  explicit FrameMask(const std::array<std::uint8_t, 4>& key) : key_(key) {}

  // In place. Masking is the same.
  void Apply(char* bytes, std::size_t size);
  // For the next byte of the payload.
  const std::array<std::uint8_t, 4>& key() const { return key_; }

 private:
  std::array<std::uint8_t, 4> key_ = {};
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_FRAME_MASK_H_
