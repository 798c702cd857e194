#ifndef MUSTER_TESTS_SUPPORT_HTTP_CLIENT_H_
#define MUSTER_TESTS_SUPPORT_HTTP_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "muster/ipc/base/unique_fd.h"

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
  // Whether a byte or the end comes within `patience`.
  bool HasAnswer(std::chrono::milliseconds patience) const;
  // Sends until the server takes no more for a while; how many bytes that were, at most `most`.
  std::size_t SendUntilStuck(const std::string& bytes, std::size_t most);
  // Ends this side of the connection: the server sees the end of what the client says.
  void FinishSending();
  // So that the server's socket is full soon.
  void ShrinkReceiveBuffer();
  void Close() { fd_.reset(); }
  // Ends the connection with RST, without a trace in the kernel.
  void Reset();

 private:
  bool ReadMore();

  ipc::UniqueFd fd_;
  std::string unread_;
};

// A connection of its own for one request.
std::optional<HttpResponse> FetchOnce(const std::string& address, const std::string& path);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_HTTP_CLIENT_H_
