#include "muster/tests/support/http_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/ipc/base/retry.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/tcp_connection.h"

namespace muster::tests {

HttpClient::HttpClient(const std::string& address) : fd_(ConnectTo(address)) {}

bool HttpClient::Send(const std::string& bytes) { return SendAll(fd_, bytes); }

bool HttpClient::ReadMore() {
  char buffer[65536];
  const ssize_t n = ipc::RetryOnEintr([&] { return ::recv(fd_.get(), buffer, sizeof(buffer), 0); });
  if (n <= 0) return false;
  unread_.append(buffer, n);
  return true;
}

std::optional<HttpResponse> HttpClient::Receive(bool has_body) {
  std::size_t head_end;
  while ((head_end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore()) return std::nullopt;
  }
  const std::string head = unread_.substr(0, head_end);
  unread_.erase(0, head_end + 4);

  HttpResponse response;
  std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string> words = absl::StrSplit(lines[0], absl::MaxSplits(' ', 2));
  if (words.size() < 2 || !absl::SimpleAtoi(words[1], &response.status)) return std::nullopt;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> field =
        absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    response.headers[absl::AsciiStrToLower(field.first)] =
        std::string(absl::StripAsciiWhitespace(field.second));
  }
  std::size_t length = 0;
  if (has_body && response.headers.count("content-length") != 0 &&
      !absl::SimpleAtoi(response.headers["content-length"], &length)) {
    return std::nullopt;
  }
  while (unread_.size() < length) {
    if (!ReadMore()) return std::nullopt;
  }
  response.body = unread_.substr(0, length);
  unread_.erase(0, length);
  return response;
}

std::optional<HttpResponse> HttpClient::Get(const std::string& path) {
  if (!Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: test\r\n\r\n"))) return std::nullopt;
  return Receive();
}

bool HttpClient::AwaitClose() {
  if (!unread_.empty()) return false;
  char byte;
  return ipc::RetryOnEintr([&] { return ::recv(fd_.get(), &byte, 1, 0); }) == 0;
}

bool HttpClient::HasAnswer(std::chrono::milliseconds patience) const {
  pollfd wait = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return !unread_.empty() || ::poll(&wait, 1, static_cast<int>(patience.count())) == 1;
}

std::size_t HttpClient::SendUntilStuck(const std::string& bytes, std::size_t most) {
  constexpr int kStuckMs = 300;
  std::size_t sent = 0;
  std::size_t rest = 0;  // of `bytes`, which are sent over and over
  pollfd wait = {.fd = fd_.get(), .events = POLLOUT, .revents = 0};
  while (sent < most && ::poll(&wait, 1, kStuckMs) == 1) {
    if (rest == 0) rest = bytes.size();
    const ssize_t n =
        ::send(fd_.get(), bytes.data() + bytes.size() - rest, rest, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) break;
    rest -= n;
    sent += n;
  }
  return sent;
}

void HttpClient::FinishSending() { ::shutdown(fd_.get(), SHUT_WR); }

void HttpClient::ShrinkReceiveBuffer() {
  const int bytes = 4096;
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

void HttpClient::Reset() {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  fd_.reset();
}

std::optional<HttpResponse> FetchOnce(const std::string& address, const std::string& path) {
  HttpClient client(address);
  if (!client.is_connected()) return std::nullopt;
  return client.Get(path);
}

}  // namespace muster::tests
