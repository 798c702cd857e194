#include "muster/master/admin/connection/status_bound.h"

#include <string>

#include "absl/strings/string_view.h"

namespace muster::master {
namespace {

constexpr absl::string_view kCut = "...";

std::size_t SentBytesOf(char c) { return c >= ' ' && c <= '~' && c != '%' ? 1 : 3; }

std::size_t SentBytesOf(absl::string_view message) {
  std::size_t size = 0;
  for (const char c : message) size += SentBytesOf(c);
  return size;
}

std::size_t Base64Bytes(std::size_t size) { return (size + 2) / 3 * 4; }

// Whether this byte goes on with a character of UTF-8.
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The first characters of `message`, in at most `room` bytes as they are sent.
std::string Cut(absl::string_view message, std::size_t room) {
  std::size_t length = 0;
  for (std::size_t size = kCut.size(); length < message.size(); ++length) {
    size += SentBytesOf(message[length]);
    if (size > room) break;
  }
  while (length > 0 && IsContinuation(message[length])) --length;
  std::string cut(message.substr(0, length));
  cut.append(kCut.data(), kCut.size());
  return cut;
}

}  // namespace

std::size_t SentBytes(const grpc::Status& status) {
  return SentBytesOf(status.error_message()) + Base64Bytes(status.error_details().size());
}

grpc::Status BoundStatus(const grpc::Status& status) {
  if (SentBytes(status) <= kMostStatusBytes) return status;
  std::string details = status.error_details();
  if (Base64Bytes(details.size()) > kMostStatusBytes - kCut.size()) details.clear();
  const std::size_t room = kMostStatusBytes - Base64Bytes(details.size());
  const std::string& message = status.error_message();
  return {status.error_code(), SentBytesOf(message) <= room ? message : Cut(message, room),
          details};
}

}  // namespace muster::master
