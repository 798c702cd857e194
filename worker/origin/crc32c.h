#ifndef MUSTER_WORKER_ORIGIN_CRC32C_H_
#define MUSTER_WORKER_ORIGIN_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace muster::worker {

// The CRC32c of some bytes (RFC 9260, appendix A), which may come in pieces: that of the pieces
// before is `before`.
std::uint32_t Crc32c(absl::string_view bytes, std::uint32_t before = 0);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ORIGIN_CRC32C_H_
