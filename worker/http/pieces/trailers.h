#ifndef MUSTER_WORKER_HTTP_PIECES_TRAILERS_H_
#define MUSTER_WORKER_HTTP_PIECES_TRAILERS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Fields behind a body, in their order.
using Trailers = std::vector<std::pair<std::string, std::string>>;

// InvalidArgument: no field of this name may come behind a body (RFC 9110, 6.5.1), since it is
// needed before that: it frames the message, routes it, modifies the request, authenticates,
// controls the response, or says how to read the content. Or the name is no token.
absl::Status CheckTrailerName(absl::string_view name);

// The same; or the value has a control character.
absl::Status CheckTrailer(absl::string_view name, absl::string_view value);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_TRAILERS_H_
