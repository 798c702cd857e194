#ifndef MUSTER_WORKER_HTTP_PAGES_STATUS_PAGE_EMBEDDED_PAGE_H_
#define MUSTER_WORKER_HTTP_PAGES_STATUS_PAGE_EMBEDDED_PAGE_H_

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// What embed.py makes of the sources in this folder. The text of the page, but for the path of its
// data, which stands between these two in an attribute.
extern const absl::string_view kStatusPageBeforePath;
extern const absl::string_view kStatusPageAfterPath;

// SHA-256 in base64 of what is between <script> and </script>, and <style> and </style>.
extern const absl::string_view kStatusPageScriptHash;
extern const absl::string_view kStatusPageStyleHash;

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PAGES_STATUS_PAGE_EMBEDDED_PAGE_H_
