#ifndef MUSTER_PROTO_LOG_FORMAT_H_
#define MUSTER_PROTO_LOG_FORMAT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::config {

// What a line of the access log can tell of a request, by the names that nginx has for it.
enum class LogVariable {
  kBodyBytesSent,
  kBytesSent,
  kConnectionRequests,
  kHttpHost,
  kHttpRange,
  kHttpReferer,
  kHttpUserAgent,
  kHttpXForwardedFor,
  kMsec,
  kPid,
  kRemoteAddr,
  kRemoteUser,
  kRequest,
  kRequestCompletion,
  kRequestId,
  kRequestMethod,
  kRequestTime,
  kRequestUri,
  kServerProtocol,
  kStatus,
  kTimeIso8601,
  kTimeLocal,
};

// A line: each part is a text and, but for the last, a variable behind it.
struct LogFormat {
  struct Part {
    std::string text;
    LogVariable variable;
  };
  std::vector<Part> parts;
  std::string end;  // with the line end
  // Values are escaped for a string in JSON; otherwise as \xHH.
  bool is_json = false;

  // Whether a line tells it.
  bool Tells(LogVariable variable) const {
    for (const Part& part : parts) {
      if (part.variable == variable) return true;
    }
    return false;
  }
};

// Reads "combined", "json", or a text with "$name" or "${name}" in it, "$$" for a dollar.
// `is_json`: values are to be escaped for JSON; "json" does so by itself. InvalidArgument: a name
// is unknown, or a control character would break the line.
absl::StatusOr<LogFormat> ParseLogFormat(absl::string_view text, bool is_json);

}  // namespace muster::config

#endif  // MUSTER_PROTO_LOG_FORMAT_H_
