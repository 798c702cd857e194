#ifndef MUSTER_WORKER_HTTP_RESPONSE_MIME_TYPES_H_
#define MUSTER_WORKER_HTTP_RESPONSE_MIME_TYPES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Which Content-Type a file has, by the extension of its name.
class MimeTypes {
 public:
  // With the built-in table. Its text types say charset=utf-8.
  MimeTypes();

  // Adds one, or replaces it. `extension` without the dot; case does not matter.
  // InvalidArgument: one of the two is none.
  absl::Status Set(absl::string_view extension, absl::string_view type);

  // For a path or a name; "application/octet-stream" if its extension is not known.
  absl::string_view Find(absl::string_view path) const;

 private:
  absl::flat_hash_map<std::string, std::string> types_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_MIME_TYPES_H_
