#include "muster/worker/origin/proxy_header.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "muster/worker/origin/crc32c.h"

namespace muster::worker {
namespace {

using absl::string_view;

ProxyHeader Incomplete() { return {}; }

ProxyHeader Invalid(string_view problem) {
  return {.state = ProxyHeader::State::kInvalid, .problem = problem};
}

ProxyHeader Complete(std::size_t size_bytes, const std::optional<PeerAddress>& source) {
  return {.state = ProxyHeader::State::kComplete, .size_bytes = size_bytes, .source = source};
}

// Whether one of them is the beginning of the other.
bool Agree(string_view bytes, string_view expected) {
  const std::size_t size = std::min(bytes.size(), expected.size());
  return bytes.substr(0, size) == expected.substr(0, size);
}

// ---- Version 1 ----

constexpr string_view kTextStart = "PROXY ";
constexpr std::size_t kMostTextBytes = 107;  // with the line's end

constexpr string_view kNoProtocol = "names no protocol that version 1 has: TCP4, TCP6, UNKNOWN";

std::optional<std::uint16_t> ParsePort(string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  unsigned port = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port > 0xffff) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// The address's bytes; empty: it is none.
std::string ParseAddress(int family, string_view text) {
  const string_view possible = family == AF_INET ? "0123456789." : "0123456789abcdefABCDEF:.";
  if (text.find_first_not_of(possible) != string_view::npos) return "";
  char bytes[16];
  if (::inet_pton(family, std::string(text).c_str(), bytes) != 1) return "";
  return std::string(bytes, family == AF_INET ? 4 : 16);
}

// What may become a line: the word of its protocol.
bool BeginsWithProtocol(string_view rest) {
  return Agree(rest, "TCP4 ") || Agree(rest, "TCP6 ") ||
         (Agree(rest, "UNKNOWN") && (rest.size() <= 7 || rest[7] == ' '));
}

// `line`: behind "PROXY ", without its end.
ProxyHeader ParseLine(string_view line, std::size_t size_bytes) {
  if (line == "UNKNOWN" || absl::StartsWith(line, "UNKNOWN ")) {
    return Complete(size_bytes, std::nullopt);
  }
  const std::vector<string_view> words = absl::StrSplit(line, ' ');
  if (words[0] != "TCP4" && words[0] != "TCP6") return Invalid(kNoProtocol);
  if (words.size() != 5) return Invalid("has not two addresses and two ports");
  const int family = words[0] == "TCP4" ? AF_INET : AF_INET6;
  const std::string source = ParseAddress(family, words[1]);
  if (source.empty() || ParseAddress(family, words[2]).empty()) {
    return Invalid("has what is no address of its protocol");
  }
  const std::optional<std::uint16_t> port = ParsePort(words[3]);
  if (!port.has_value() || !ParsePort(words[4]).has_value()) return Invalid("has what is no port");
  return Complete(size_bytes, PeerAddress(source, *port));
}

ProxyHeader ParseText(string_view bytes) {
  if (bytes.size() <= kTextStart.size()) return Incomplete();
  const string_view rest = bytes.substr(kTextStart.size(), kMostTextBytes - kTextStart.size());
  const std::size_t end = rest.find_first_of("\r\n");
  if (end == string_view::npos) {
    if (!BeginsWithProtocol(rest)) return Invalid(kNoProtocol);
    return bytes.size() < kMostTextBytes ? Incomplete() : Invalid("has no end in 107 bytes");
  }
  if (rest[end] == '\n') return Invalid("has a line end that is no CRLF");
  const std::size_t size_bytes = kTextStart.size() + end + 2;
  if (size_bytes > kMostTextBytes) return Invalid("has no end in 107 bytes");
  if (end + 1 < rest.size() && rest[end + 1] != '\n') {
    return Invalid("has a line end that is no CRLF");
  }
  const ProxyHeader header = ParseLine(rest.substr(0, end), size_bytes);
  const bool has_whole_end = end + 1 < rest.size();
  return header.state == ProxyHeader::State::kComplete && !has_whole_end ? Incomplete() : header;
}

// ---- Version 2 ----

constexpr string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedBytes = 16;

constexpr unsigned kLocal = 0;
constexpr unsigned kProxy = 1;

enum Family : unsigned { kUnspecified = 0, kInet = 1, kInet6 = 2, kUnix = 3 };
enum Transport : unsigned { kNoTransport = 0, kStream = 1, kDatagram = 2 };

// Of the two addresses, with their ports.
constexpr std::size_t kAddressBytes[] = {0, 12, 36, 216};

constexpr std::uint8_t kChecksumType = 3;
constexpr std::size_t kVectorStart = 3;  // its type and its length

std::uint8_t ByteAt(string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t NumberAt(string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(ByteAt(bytes, at) << 8 | ByteAt(bytes, at + 1));
}

bool HasChecksum(string_view header, std::size_t at) {
  std::uint32_t told = 0;
  for (std::size_t i = at; i < at + 4; ++i) told = told << 8 | ByteAt(header, i);
  std::uint32_t sum = Crc32c(header.substr(0, at));
  sum = Crc32c(string_view("\0\0\0\0", 4), sum);
  return Crc32c(header.substr(at + 4), sum) == told;
}

// What is wrong with the vectors of a whole header; empty: nothing.
string_view ProblemOfVectors(string_view header, std::size_t begin) {
  bool has_checksum = false;
  for (std::size_t at = begin; at < header.size();) {
    if (header.size() - at < kVectorStart) return "ends within a vector";
    const std::size_t size = NumberAt(header, at + 1);
    const std::size_t value = at + kVectorStart;
    if (header.size() - value < size) return "ends within a vector";
    if (ByteAt(header, at) == kChecksumType) {
      if (size != 4 || has_checksum) return "has a checksum that is none";
      if (!HasChecksum(header, value)) return "has a wrong checksum";
      has_checksum = true;
    }
    at = value + size;
  }
  return {};
}

ProxyHeader ParseProxied(string_view header, unsigned family, unsigned transport) {
  // Of what there is no address, nothing is known of the rest either.
  if (family == kUnspecified || transport == kNoTransport) {
    return Complete(header.size(), std::nullopt);
  }
  const std::size_t vectors = kFixedBytes + kAddressBytes[family];
  const string_view problem = ProblemOfVectors(header, vectors);
  if (!problem.empty()) return Invalid(problem);
  if (family == kUnix || transport != kStream) return Complete(header.size(), std::nullopt);
  const std::size_t address_bytes = family == kInet ? 4 : 16;
  return Complete(header.size(), PeerAddress(header.substr(kFixedBytes, address_bytes),
                                             NumberAt(header, kFixedBytes + 2 * address_bytes)));
}

ProxyHeader ParseBinary(string_view bytes) {
  if (bytes.size() <= kSignature.size()) return Incomplete();
  const unsigned version = ByteAt(bytes, 12) >> 4;
  const unsigned command = ByteAt(bytes, 12) & 0xf;
  if (version != 2) return Invalid("has a version that is not 2");
  if (command != kLocal && command != kProxy) return Invalid("has an unknown command");
  if (bytes.size() <= 13) return Incomplete();
  const unsigned family = ByteAt(bytes, 13) >> 4;
  const unsigned transport = ByteAt(bytes, 13) & 0xf;
  if (command == kProxy && (family > kUnix || transport > kDatagram)) {
    return Invalid("has an unknown family or transport");
  }
  if (bytes.size() < kFixedBytes) return Incomplete();
  const std::size_t size = kFixedBytes + NumberAt(bytes, 14);
  if (size > kMostProxyHeaderBytes) return Invalid("is longer than 16 KiB");
  if (command == kProxy && transport != kNoTransport &&
      size < kFixedBytes + kAddressBytes[family]) {
    return Invalid("is too short for its addresses");
  }
  if (bytes.size() < size) return Incomplete();
  if (command == kLocal) return Complete(size, std::nullopt);
  return ParseProxied(bytes.substr(0, size), family, transport);
}

}  // namespace

ProxyHeader ParseProxyHeader(string_view bytes) {
  if (Agree(bytes, kTextStart)) return ParseText(bytes);
  if (Agree(bytes, kSignature)) return ParseBinary(bytes);
  return Invalid("is none of the PROXY protocol");
}

}  // namespace muster::worker
