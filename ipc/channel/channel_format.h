#ifndef MUSTER_IPC_CHANNEL_CHANNEL_FORMAT_H_
#define MUSTER_IPC_CHANNEL_CHANNEL_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::ipc {

// One datagram of a channel is this header, followed by payload_bytes bytes. Both ends are on one
// machine, so numbers are in the byte order of the machine.
struct ChannelHeader {
  std::uint32_t magic;
  std::uint16_t version;
  std::uint16_t command;        // defined by the protocol of the two processes
  std::uint16_t flags;          // defined by the protocol, too
  std::uint16_t fd_count;       // descriptors that travel with the datagram
  std::uint32_t sequence;       // chosen by the sender; an answer repeats it
  std::int32_t slot;            // -1: none
  std::int32_t pid;             // the sender's claim; its credentials are from the kernel
  std::uint32_t payload_bytes;  // the bytes that follow
};
static_assert(sizeof(ChannelHeader) == 28 && offsetof(ChannelHeader, payload_bytes) == 24);
static_assert(std::is_trivially_copyable_v<ChannelHeader>);

inline constexpr std::uint32_t kChannelMagic = 0x4e48434d;  // "MCHN"
inline constexpr std::uint16_t kChannelVersion = 1;
inline constexpr std::size_t kMaxChannelPayloadBytes = 64 * 1024;
inline constexpr std::size_t kMaxChannelFds = 16;
inline constexpr std::size_t kMaxChannelDatagramBytes =
    sizeof(ChannelHeader) + kMaxChannelPayloadBytes;

// Checks `datagram` and returns its header. The payload is the rest of `datagram`. `fd_count` is
// the number of descriptors that arrived with it. InvalidArgument: the status names the field, its
// value and the expected value. A pure function: no system call, no state.
absl::StatusOr<ChannelHeader> ParseChannelDatagram(absl::string_view datagram,
                                                   std::size_t fd_count);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_CHANNEL_FORMAT_H_
