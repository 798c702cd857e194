#ifndef MUSTER_CONFIG_ACCESS_IDENTITY_KIND_H_
#define MUSTER_CONFIG_ACCESS_IDENTITY_KIND_H_

#include "absl/strings/string_view.h"

namespace muster::config {

// With what the identities of callers begin, and the one of callers that nobody knows.
inline constexpr absl::string_view kUid = "uid:";
inline constexpr absl::string_view kGid = "gid:";
inline constexpr absl::string_view kUri = "uri:";
inline constexpr absl::string_view kDns = "dns:";  // in lower case
inline constexpr absl::string_view kSubject = "subject:";
inline constexpr absl::string_view kAnonymous = "anonymous";

}  // namespace muster::config

#endif  // MUSTER_CONFIG_ACCESS_IDENTITY_KIND_H_
