#ifndef MUSTER_WORKER_HTTP_MESSAGE_CONTENT_CODING_H_
#define MUSTER_WORKER_HTTP_MESSAGE_CONTENT_CODING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// How the content of a representation is encoded.
enum class ContentCoding : std::uint8_t { kIdentity, kGzip, kBrotli, kZstandard };
inline constexpr std::size_t kContentCodings = 4;

// As Content-Encoding has it: "gzip", "br", "zstd"; "identity".
absl::string_view TokenOf(ContentCoding coding);
// What such a file's name ends in: ".gz", ".br", ".zst"; "" for kIdentity.
absl::string_view SuffixOf(ContentCoding coding);

// What a client says of codings by Accept-Encoding (RFC 9110, 12.5.3).
class AcceptEncoding {
 public:
  // None: it said nothing, and gets what is not encoded. An element that is malformed is passed
  // over.
  explicit AcceptEncoding(std::optional<absl::string_view> value);

  // In thousandths; 0: it must not be sent. What is not encoded may be sent unless it is
  // excluded, and has the least weight unless it is named.
  int WeightOf(ContentCoding coding) const { return weights_[static_cast<std::size_t>(coding)]; }

 private:
  std::array<int, kContentCodings> weights_ = {};
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_CONTENT_CODING_H_
