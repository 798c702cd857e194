#ifndef MUSTER_WORKER_HTTP_MESSAGE_STATUS_CODE_H_
#define MUSTER_WORKER_HTTP_MESSAGE_STATUS_CODE_H_

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Those that this service sends by itself; `return` may send any other.
enum StatusCode : int {
  kSwitchingProtocols = 101,
  kOk = 200,
  kNoContent = 204,
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

// Whether a response with this final status has a body, and so a Content-Length.
inline bool HasBody(int status) { return status != 204 && status != kNotModified; }

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_STATUS_CODE_H_
