#include "muster/worker/http/files/multipart_ranges.h"

#include <sys/random.h>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"

namespace muster::worker::http {
namespace {

std::string MakeBoundary() {
  std::uint64_t random[2] = {};
  ipc::RetryOnEintr([&random] { return ::getrandom(random, sizeof(random), 0); });
  return absl::StrCat(absl::Hex(random[0], absl::kZeroPad16),
                      absl::Hex(random[1], absl::kZeroPad16));
}

}  // namespace

MultipartRanges::MultipartRanges(const ByteRanges& ranges, std::uint64_t file_bytes,
                                 absl::string_view file_type)
    : boundary_(MakeBoundary()) {
  for (const ByteRange& range : ranges) {
    parts_.push_back(
        {absl::StrCat(parts_.empty() ? "--" : "\r\n--", boundary_, "\r\nContent-Type: ", file_type,
                      "\r\nContent-Range: ", ContentRange(range, file_bytes), "\r\n\r\n"),
         range});
  }
  parts_.push_back({absl::StrCat("\r\n--", boundary_, "--\r\n"), {}});
}

std::string MultipartRanges::content_type() const {
  return absl::StrCat("multipart/byteranges; boundary=", boundary_);
}

std::uint64_t MultipartRanges::bytes() const {
  std::uint64_t bytes = 0;
  for (const FileTransfer::Part& part : parts_) bytes += part.before.size() + part.range.bytes;
  return bytes;
}

}  // namespace muster::worker::http
