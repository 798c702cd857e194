#ifndef MUSTER_WORKER_HTTP_FILES_MULTIPART_RANGES_H_
#define MUSTER_WORKER_HTTP_FILES_MULTIPART_RANGES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/worker/http/message/byte_range.h"
#include "muster/worker/http/response/file_transfer.h"

namespace muster::worker::http {

// The body of a response with several ranges of one file: multipart/byteranges (RFC 9110, 14.6).
// The body is a list of texts and ranges, so it can be copied into memory or sent from the file.
// The boundary between the parts is random, so nobody can make a file that contains it.
class MultipartRanges {
 public:
  using Parts = std::vector<FileTransfer::Part>;

  // `file_bytes`: the size of the whole file. `file_type`: the Content-Type of each part.
  MultipartRanges(const ByteRanges& ranges, std::uint64_t file_bytes, absl::string_view file_type);

  // The Content-Type of the response.
  std::string content_type() const;
  // Its Content-Length.
  std::uint64_t bytes() const;

  // The last part is the closing boundary. It has no range.
  const Parts& parts() const { return parts_; }
  Parts TakeParts() && { return std::move(parts_); }

 private:
  std::string boundary_;
  Parts parts_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_MULTIPART_RANGES_H_
