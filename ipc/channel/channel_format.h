#ifndef MUSTER_IPC_CHANNEL_CHANNEL_FORMAT_H_
#define MUSTER_IPC_CHANNEL_CHANNEL_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::ipc {

// One datagram of a channel: this header, then payload_bytes bytes. Both ends are on one
// machine, so numbers are in its own byte order.
struct ChannelHeader {
  std::uint32_t magic;
  std::uint16_t version;
  std::uint16_t command;        // the sender's protocol gives it meaning
  std::uint16_t flags;          // likewise
  std::uint16_t fd_count;       // descriptors that travel with the datagram
  std::uint32_t sequence;       // the sender's; an answer repeats it
  std::int32_t slot;            // -1: none
  std::int32_t pid;             // a claim; the kernel's word is the sender's credentials
  std::uint32_t payload_bytes;  // all that follows
};
static_assert(sizeof(ChannelHeader) == 28 && offsetof(ChannelHeader, payload_bytes) == 24);
static_assert(std::is_trivially_copyable_v<ChannelHeader>);

inline constexpr std::uint32_t kChannelMagic = 0x4e48434d;  // "MCHN"
inline constexpr std::uint16_t kChannelVersion = 1;
inline constexpr std::size_t kMaxChannelPayloadBytes = 64 * 1024;
inline constexpr std::size_t kMaxChannelFds = 16;
inline constexpr std::size_t kMaxChannelDatagramBytes =
    sizeof(ChannelHeader) + kMaxChannelPayloadBytes;

// The header of `datagram`, checked; what follows it is the payload. `fd_count` is how many
// descriptors came with it. InvalidArgument names the field, what was found and what
// was expected. Pure: bytes in, fields out.
absl::StatusOr<ChannelHeader> ParseChannelDatagram(absl::string_view datagram,
                                                   std::size_t fd_count);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_CHANNEL_FORMAT_H_
