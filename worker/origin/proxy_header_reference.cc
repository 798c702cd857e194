#include "muster/worker/origin/proxy_header_reference.h"

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::worker {
namespace {

using State = ProxyHeader::State;

ProxyHeader Invalid() { return {.state = State::kInvalid}; }

std::optional<std::string> Ipv4(const std::string& text) {
  static const std::regex kRule(
      "(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})\\."
      "(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})");
  std::smatch parts;
  if (!std::regex_match(text, parts, kRule)) return std::nullopt;
  std::string bytes;
  for (int i = 1; i <= 4; ++i) {
    const int number = std::stoi(parts[i]);
    if (number > 255) return std::nullopt;
    bytes += static_cast<char>(number);
  }
  return bytes;
}

// Groups of four digits, without "::"; empty for an empty text.
std::optional<std::string> Groups(const std::string& text) {
  static const std::regex kGroup("[0-9a-fA-F]{1,4}");
  std::string bytes;
  if (text.empty()) return bytes;
  const std::vector<std::string> groups = absl::StrSplit(text, ':');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (std::regex_match(groups[i], kGroup)) {
      const int number = std::stoi(groups[i], nullptr, 16);
      bytes += static_cast<char>(number >> 8);
      bytes += static_cast<char>(number & 0xff);
    } else if (const auto last = Ipv4(groups[i]); i + 1 == groups.size() && last.has_value()) {
      bytes += *last;
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

std::optional<std::string> Ipv6(const std::string& text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string::npos) {
    const auto all = Groups(text);
    return all.has_value() && all->size() == 16 ? all : std::nullopt;
  }
  const auto before = Groups(text.substr(0, gap));
  const auto after = Groups(text.substr(gap + 2));
  // An address with dots is the end of all.
  if (!before.has_value() || !after.has_value() || absl::StrContains(text.substr(0, gap), ".")) {
    return std::nullopt;
  }
  if (before->size() + after->size() > 14) return std::nullopt;
  return *before + std::string(16 - before->size() - after->size(), '\0') + *after;
}

std::optional<int> Port(const std::string& text) {
  static const std::regex kRule("0|[1-9][0-9]{0,4}");
  if (!std::regex_match(text, kRule) || std::stoi(text) > 65535) return std::nullopt;
  return std::stoi(text);
}

// A line without its end.
ProxyHeader ReadLine(const std::string& line) {
  static const std::regex kUnknown("PROXY UNKNOWN( [^\\r\\n]*)?");
  static const std::regex kProxied("PROXY TCP([46]) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*)");
  if (std::regex_match(line, kUnknown)) {
    return {.state = State::kComplete, .size_bytes = line.size() + 2};
  }
  std::smatch parts;
  if (!std::regex_match(line, parts, kProxied)) return Invalid();
  const auto read = parts[1] == "4" ? Ipv4 : Ipv6;
  const auto source = read(parts[2]);
  const auto port = Port(parts[4]);
  if (!source.has_value() || !read(parts[3]).has_value() || !port.has_value() ||
      !Port(parts[5]).has_value()) {
    return Invalid();
  }
  return {.state = State::kComplete,
          .size_bytes = line.size() + 2,
          .source = PeerAddress(*source, static_cast<std::uint16_t>(*port))};
}

// Whether the line, which has no end yet, may go on.
bool MayGoOn(const std::string& line) {
  for (const std::string start : {"PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN "}) {
    if (absl::StartsWith(start, line) || absl::StartsWith(line, start)) return true;
  }
  return false;
}

ProxyHeader ReadText(const std::string& bytes) {
  // Where the first end of any kind is; byte by byte, as it comes.
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const std::string line = bytes.substr(0, size - 1);
    const char last = bytes[size - 1];
    if (size > 107) return Invalid();
    if (last == '\n') return Invalid();
    if (last == '\r') {
      if (size == 107 || ReadLine(line).state == State::kInvalid) return Invalid();
      if (size == bytes.size()) return {};
      return bytes[size] == '\n' ? ReadLine(line) : Invalid();
    }
    if (!MayGoOn(bytes.substr(0, size)) || size == 107) return Invalid();
  }
  return {};
}

int At(const std::string& bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes.at(at));
}

bool AreVectors(const std::string& header, std::string rest) {
  int checksums = 0;
  while (!rest.empty()) {
    if (rest.size() < 3) return false;
    const auto size = static_cast<std::size_t>(At(rest, 1) * 256 + At(rest, 2));
    if (rest.size() < 3 + size) return false;
    if (At(rest, 0) == 3) {
      if (size != 4 || ++checksums > 1) return false;
      std::string zeroed = header;
      const std::size_t place = header.size() - rest.size() + 3;
      std::uint32_t told = 0;
      for (std::size_t i = place; i < place + 4; ++i) {
        told = told * 256 + static_cast<std::uint32_t>(At(header, i));
        zeroed[i] = '\0';
      }
      if (Crc32cByTheRules(zeroed) != told) return false;
    }
    rest.erase(0, 3 + size);
  }
  return true;
}

ProxyHeader ReadBinary(const std::string& bytes) {
  if (bytes.size() > 12 && At(bytes, 12) != 0x20 && At(bytes, 12) != 0x21) return Invalid();
  const bool is_proxied = bytes.size() > 12 && At(bytes, 12) == 0x21;
  if (bytes.size() > 13 && is_proxied && (At(bytes, 13) / 16 > 3 || At(bytes, 13) % 16 > 2)) {
    return Invalid();
  }
  if (bytes.size() < 16) return {};
  const auto size = static_cast<std::size_t>(16 + At(bytes, 14) * 256 + At(bytes, 15));
  if (size > 16384) return Invalid();
  const bool has_transport = At(bytes, 13) % 16 != 0;
  std::size_t addresses = 0;
  if (At(bytes, 13) / 16 == 1) addresses = 4 + 4 + 2 + 2;
  if (At(bytes, 13) / 16 == 2) addresses = 16 + 16 + 2 + 2;
  if (At(bytes, 13) / 16 == 3) addresses = 108 + 108;
  if (is_proxied && has_transport && size < 16 + addresses) return Invalid();
  if (bytes.size() < size) return {};
  ProxyHeader header = {.state = State::kComplete, .size_bytes = size};
  if (!is_proxied || !has_transport || addresses == 0) return header;
  const std::string whole = bytes.substr(0, size);
  if (!AreVectors(whole, whole.substr(16 + addresses))) return Invalid();
  const auto port = [&](std::size_t at) {
    return static_cast<std::uint16_t>(At(bytes, at) * 256 + At(bytes, at + 1));
  };
  if (At(bytes, 13) == 0x11) header.source = PeerAddress(bytes.substr(16, 4), port(24));
  if (At(bytes, 13) == 0x21) header.source = PeerAddress(bytes.substr(16, 16), port(48));
  return header;
}

}  // namespace

std::uint32_t Crc32cByTheRules(const std::string& bytes) {
  std::uint32_t sum = 0xffffffff;
  for (const char byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool is_odd = ((sum ^ (static_cast<unsigned char>(byte) >> bit)) & 1) != 0;
      sum = is_odd ? (sum >> 1) ^ 0x82f63b78 : sum >> 1;
    }
  }
  return sum ^ 0xffffffff;
}

ProxyHeader ReadProxyHeaderByTheRules(const std::string& bytes) {
  const std::string text = "PROXY ";
  const std::string binary = {'\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
  if (absl::StartsWith(bytes, text)) return ReadText(bytes);
  if (absl::StartsWith(bytes, binary)) return ReadBinary(bytes);
  return absl::StartsWith(text, bytes) || absl::StartsWith(binary, bytes) ? ProxyHeader()
                                                                          : Invalid();
}

}  // namespace muster::worker
