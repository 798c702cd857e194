#ifndef MUSTER_TESTS_SUPPORT_LINE_CLIENT_H_
#define MUSTER_TESTS_SUPPORT_LINE_CLIENT_H_

#include <optional>
#include <string>

#include "muster/ipc/base/unique_fd.h"

namespace muster::tests {

// One TCP connection of a client that speaks in lines and blocks, for at most kPatience a call.
class LineClient {
 public:
  // "127.0.0.1:7070". Not connected if nobody listens there.
  explicit LineClient(const std::string& address);

  bool is_connected() const { return fd_.valid(); }
  // Adds the line's end.
  bool Send(const std::string& line) { return SendBytes(line + "\n"); }
  bool SendBytes(const std::string& bytes);
  // Without its end; nothing if the connection ended, or none came.
  std::optional<std::string> Receive();
  // As Receive, but passes over the lines before one that begins so.
  std::optional<std::string> ReceiveUntil(const std::string& beginning);
  // Without waiting: whether something is there to be read, the end of the connection included.
  bool has_input() const;

 private:
  ipc::UniqueFd fd_;
  std::string unread_;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_LINE_CLIENT_H_
