#ifndef MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_H_
#define MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/response/answer.h"
#include "muster/worker/http/response/response_head.h"
#include "muster/worker/http/response/response_style.h"

namespace muster::worker::http {

// What a handler answers. Content-Length, Date, Server and Connection are added.
struct Response {
  int status = 200;
  std::string body = {};
  std::string content_type = "text/plain";
  std::vector<std::pair<std::string, std::string>> headers = {};  // more of them
};

// InvalidArgument: it cannot be sent: no final status, or a field that breaks the head or is not
// the handler's to set.
absl::Status CheckResponse(const Response& response);

// Appends a response that passes CheckResponse; without its body if `has_body` is false. `style`
// adds its fields.
Answer AppendResponse(std::string& out, const Response& response, const ResponseStyle& style,
                      Persistence persistence, absl::string_view http_date, bool has_body);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_H_
