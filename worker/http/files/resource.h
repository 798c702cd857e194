#ifndef MUSTER_WORKER_HTTP_FILES_RESOURCE_H_
#define MUSTER_WORKER_HTTP_FILES_RESOURCE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/worker/http/files/representation.h"
#include "muster/worker/http/message/content_coding.h"
#include "muster/worker/http/response/open_file.h"

namespace muster::worker::http {

// Encoded files as they were found, with their codings.
using OpenFiles = std::vector<std::pair<ContentCoding, std::shared_ptr<const OpenFile>>>;

// What a path leads to: a file, and perhaps encoded ones beside it with the same content.
struct Resource {
  std::unique_ptr<Representation> original;
  std::vector<std::unique_ptr<Representation>> encoded;  // the one that we like best first

  std::size_t memory_bytes() const;
  std::size_t descriptors() const;
  // Whether what is said of all of them is final (Representation::is_final).
  bool is_final() const;
  // Whether these are still the same files with the same contents, and no others.
  bool Is(const OpenFile& original_now, const OpenFiles& encoded_now) const;
  // The one that a client with this Accept-Encoding likes best, and of several the one that
  // we do. Null: it accepts none.
  Representation* Select(std::optional<absl::string_view> accept_encoding) const;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_RESOURCE_H_
