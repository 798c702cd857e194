#ifndef MUSTER_WORKER_HTTP_MESSAGE_CHARACTER_SET_H_
#define MUSTER_WORKER_HTTP_MESSAGE_CHARACTER_SET_H_

#include <algorithm>
#include <array>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// The bytes that a rule of a grammar has, for one look-up per byte.
class CharacterSet {
 public:
  // Letters, digits and `others`.
  static constexpr CharacterSet AlphanumericAnd(absl::string_view others) {
    CharacterSet set;
    for (char c = '0'; c <= '9'; ++c) set.Add(c);
    for (char c = 'a'; c <= 'z'; ++c) set.Add(c);
    for (char c = 'A'; c <= 'Z'; ++c) set.Add(c);
    for (const char c : others) set.Add(c);
    return set;
  }
  // HTAB, SP, VCHAR and obs-text, without `others`.
  static constexpr CharacterSet FieldTextBut(absl::string_view others) {
    CharacterSet set;
    for (int byte = ' '; byte < 256; ++byte) set.Add(static_cast<char>(byte));
    set.Add('\t');
    set.Remove('\x7f');
    for (const char c : others) set.Remove(c);
    return set;
  }

  constexpr bool Has(char c) const { return has_[static_cast<unsigned char>(c)]; }
  bool HasAll(absl::string_view text) const {
    return std::all_of(text.begin(), text.end(), [this](char c) { return Has(c); });
  }

 private:
  constexpr void Add(char c) { has_[static_cast<unsigned char>(c)] = true; }
  constexpr void Remove(char c) { has_[static_cast<unsigned char>(c)] = false; }

  std::array<bool, 256> has_ = {};
};

// RFC 9110, 5.6.2: tchar.
inline constexpr CharacterSet kTokenText = CharacterSet::AlphanumericAnd("!#$%&'*+-.^_`|~");
// RFC 9110, 5.5: field-vchar and the white space between. No control characters but HTAB.
inline constexpr CharacterSet kFieldText = CharacterSet::FieldTextBut("");
// RFC 3986, 3.2.2: unreserved and sub-delims.
inline constexpr CharacterSet kNameText = CharacterSet::AlphanumericAnd("-._~!$&'()*+,;=");

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_CHARACTER_SET_H_
