#include "muster/ipc/channel/channel_format.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::ipc {
namespace {

// Out of line: building a message is for the rare case.
[[gnu::noinline, gnu::cold]] absl::Status Mismatch(absl::string_view field,
                                                   const absl::AlphaNum& found,
                                                   const absl::AlphaNum& expected) {
  return absl::InvalidArgumentError(absl::StrCat("channel datagram: ", field, " is ", found.Piece(),
                                                 ", expected ", expected.Piece()));
}

}  // namespace

absl::StatusOr<ChannelHeader> ParseChannelDatagram(absl::string_view datagram,
                                                   std::size_t fd_count) {
  ChannelHeader header;
  if (datagram.size() < sizeof(header)) {
    return Mismatch("size in bytes", datagram.size(), absl::StrCat("at least ", sizeof(header)));
  }
  std::memcpy(&header, datagram.data(), sizeof(header));
  if (header.magic != kChannelMagic) {
    return Mismatch("magic", absl::Hex(header.magic), absl::Hex(kChannelMagic));
  }
  if (header.version != kChannelVersion) {
    return Mismatch("version", header.version, kChannelVersion);
  }
  const std::size_t payload_bytes = datagram.size() - sizeof(header);
  if (header.payload_bytes != payload_bytes) {
    return Mismatch("payload size in bytes", header.payload_bytes,
                    absl::StrCat(payload_bytes, ", which follow the header"));
  }
  if (payload_bytes > kMaxChannelPayloadBytes) {
    return Mismatch("payload size in bytes", payload_bytes,
                    absl::StrCat("at most ", kMaxChannelPayloadBytes));
  }
  if (header.fd_count != fd_count) {
    return Mismatch("descriptor count", header.fd_count, absl::StrCat(fd_count, ", which came"));
  }
  if (fd_count > kMaxChannelFds) {
    return Mismatch("descriptor count", fd_count, absl::StrCat("at most ", kMaxChannelFds));
  }
  return header;
}

}  // namespace muster::ipc
