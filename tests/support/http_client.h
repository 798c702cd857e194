#ifndef TESTS_SUPPORT_HTTP_CLIENT_H_
#define TESTS_SUPPORT_HTTP_CLIENT_H_

#include <map>
#include <optional>
#include <string>

#include "ipc/unique_fd.h"

namespace muster::tests {

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// One connection of a client that blocks, for at most kPatience a call. It reads what the
// server says literally: what it cannot make sense of is no response.
class HttpClient {
 public:
  // "127.0.0.1:8080". Not connected if nobody listens there.
  explicit HttpClient(const std::string& address);

  bool is_connected() const { return fd_.valid(); }
  bool Send(const std::string& bytes);
  // The next response; nothing if the connection ended before a whole one came. Responses
  // without a body (HEAD) are asked for with `has_body` = false.
  std::optional<HttpResponse> Receive(bool has_body = true);
  std::optional<HttpResponse> Get(const std::string& path);
  // Whether the server closes the connection, with nothing more to read before that.
  bool AwaitClose();
  void Close() { fd_.reset(); }

 private:
  bool ReadMore();

  ipc::UniqueFd fd_;
  std::string unread_;
};

// A connection of its own for one request.
std::optional<HttpResponse> FetchOnce(const std::string& address, const std::string& path);

}  // namespace muster::tests

#endif  // TESTS_SUPPORT_HTTP_CLIENT_H_
