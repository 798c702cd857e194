#ifndef MUSTER_WORKER_HTTP_PAGES_STATUS_PAGE_H_
#define MUSTER_WORKER_HTTP_PAGES_STATUS_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

inline constexpr absl::string_view kStatusPageType = "text/html; charset=utf-8";

// A page for browsers that shows what a location with `status_json` tells, and asks it again every
// second. Its sources are in status_page/; the build makes one text of them.
struct StatusPage {
  std::string html;
  // Strong, with its quotes; the same in all workers of one build.
  std::string entity_tag;
  // Content-Security-Policy and what else its response has, each with its line end. The page may
  // run its own script and style, by their hashes, and ask the server that it is from.
  std::string fields;
};

// `json_path` is the path of the location that the page asks, not percent-encoded.
StatusPage MakeStatusPage(absl::string_view json_path);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PAGES_STATUS_PAGE_H_
