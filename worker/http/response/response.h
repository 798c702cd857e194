#ifndef MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_H_
#define MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/response/answer.h"
#include "muster/worker/http/response/response_head.h"
#include "muster/worker/http/response/response_style.h"

namespace muster::worker::http {

struct Upgrade;

// A handler's response. The service adds Content-Length, Date, Server and Connection.
struct Response {
  int status = 200;
  std::string body = {};
  std::string content_type = "text/plain";
  std::vector<std::pair<std::string, std::string>> headers = {};  // others than Content-Type
  // Of 101 and 426: the protocol that the connection is switched to, or should be; "websocket".
  std::string upgrade_to = {};
  // Of 101, which has no body: who goes on with the connection (worker/http/upgrade.h).
  std::shared_ptr<const Upgrade> upgrade = nullptr;
};

// InvalidArgument: the response cannot be sent. Its status is not a final one, or a header field
// would break the head, or is one that only the service sets.
absl::Status CheckResponse(const Response& response);

// Appends a response that passes CheckResponse, with the fields of `style`. `has_body`: false for a
// response to HEAD, which has no body.
Answer AppendResponse(std::string& out, const Response& response, const ResponseStyle& style,
                      Persistence persistence, absl::string_view http_date, bool has_body);

// Appends the head of a response whose body follows in pieces, if its status has one. `is_chunked`:
// false for HTTP/1.0, in which the end of the connection is that of the body. `trailers`: the names
// of the fields that will come behind a chunked body.
void AppendStreamedHead(std::string& out, const Response& response, const ResponseStyle& style,
                        Persistence persistence, absl::string_view http_date, bool is_chunked,
                        const std::vector<std::string>& trailers);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_H_
