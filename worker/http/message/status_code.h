#ifndef MUSTER_WORKER_HTTP_MESSAGE_STATUS_CODE_H_
#define MUSTER_WORKER_HTTP_MESSAGE_STATUS_CODE_H_

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Those that this service sends by itself; `return` may send any other.
enum StatusCode : int {
  kSwitchingProtocols = 101,
  kOk = 200,
  kNoContent = 204,
  kResetContent = 205,
  kPartialContent = 206,
  kMovedPermanently = 301,
  kNotModified = 304,
  kBadRequest = 400,
  kForbidden = 403,
  kNotFound = 404,
  kMethodNotAllowed = 405,
  kNotAcceptable = 406,
  kRequestTimeout = 408,
  kPreconditionFailed = 412,
  kContentTooLarge = 413,
  kUriTooLong = 414,
  kRangeNotSatisfiable = 416,
  kExpectationFailed = 417,
  kUpgradeRequired = 426,
  kRequestHeaderFieldsTooLarge = 431,
  kInternalServerError = 500,
  kNotImplemented = 501,
  kVersionNotSupported = 505,
};

// "Not Found"; empty for a code that is not registered.
absl::string_view ReasonPhrase(int status);

// Whether a response with this final status is framed as one with a body: by its length, or by
// chunks. Others end with their head.
inline bool IsFramed(int status) { return status != kNoContent && status != kNotModified; }

// Whether it may have anything in its body. One with status 205 has not, though it is framed
// (RFC 9110, 15.3.6).
inline bool HasBody(int status) { return IsFramed(status) && status != kResetContent; }

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_STATUS_CODE_H_
