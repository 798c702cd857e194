#include "muster/worker/http/message/authority.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "muster/worker/http/message/character_set.h"

namespace muster::worker::http {
namespace {

// As an object: a function that is passed is called for each character.
constexpr auto IsDigit = [](char c) { return c >= '0' && c <= '9'; };
bool IsHexDigit(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

// Nothing, or a colon and digits, of which there may be none.
bool IsPort(absl::string_view text) {
  return text.empty() ||
         (text.front() == ':' && std::all_of(text.begin() + 1, text.end(), IsDigit));
}

// From 0 to 255, without leading zeros.
bool IsOctet(absl::string_view text) {
  if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return false;
  }
  if (text.size() > 1 && text.front() == '0') return false;
  return text.size() < 3 || text <= "255";
}

bool IsIpv4Address(absl::string_view text) {
  for (int i = 0; i < 3; ++i) {
    const std::size_t dot = text.find('.');
    if (dot == absl::string_view::npos || !IsOctet(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return IsOctet(text);
}

// Eight groups, of which an IPv4 address at the end is two; or fewer, with a "::" instead of the
// others.
bool IsIpv6Address(absl::string_view text) {
  int groups = 0;
  bool is_shortened = absl::ConsumePrefix(&text, "::");
  while (!text.empty()) {
    const absl::string_view group = text.substr(0, text.find(':'));
    if (group.find('.') != absl::string_view::npos) {
      if (!IsIpv4Address(text)) return false;
      groups += 2;
      break;
    }
    if (group.empty() || group.size() > 4 || !std::all_of(group.begin(), group.end(), IsHexDigit)) {
      return false;
    }
    ++groups;
    text.remove_prefix(group.size());
    if (text.empty()) break;
    if (absl::ConsumePrefix(&text, "::")) {
      if (is_shortened) return false;
      is_shortened = true;
    } else {
      text.remove_prefix(1);
      if (text.empty()) return false;
    }
  }
  return is_shortened ? groups <= 7 : groups == 8;
}

// "v1.anything", for versions that nobody has defined.
bool IsFutureAddress(absl::string_view text) {
  text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  if (dot == absl::string_view::npos || dot == 0 || dot + 1 == text.size()) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(dot), IsHexDigit) &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(dot) + 1, text.end(),
                     [](char c) { return c == ':' || kNameText.Has(c); });
}

// In brackets, and the port behind them.
bool IsAddressAndPort(absl::string_view text) {
  const std::size_t end = text.find(']');
  if (end == absl::string_view::npos) return false;
  const absl::string_view address = text.substr(1, end - 1);
  if (address.empty()) return false;
  const bool is_future = address.front() == 'v' || address.front() == 'V';
  return (is_future ? IsFutureAddress(address) : IsIpv6Address(address)) &&
         IsPort(text.substr(end + 1));
}

}  // namespace

bool IsAuthority(absl::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '[') return IsAddressAndPort(text);
  std::size_t end = 0;
  while (true) {
    while (end < text.size() && kNameText.Has(text[end])) ++end;
    if (end == text.size() || text[end] == ':') break;
    if (text[end] != '%' || text.size() - end < 3) return false;
    if (!IsHexDigit(text[end + 1]) || !IsHexDigit(text[end + 2])) return false;
    end += 3;
  }
  return end > 0 && IsPort(text.substr(end));
}

}  // namespace muster::worker::http
