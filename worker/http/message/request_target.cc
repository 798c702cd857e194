#include "muster/worker/http/message/request_target.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "muster/worker/http/message/authority.h"
#include "muster/worker/http/message/character_set.h"

namespace muster::worker::http {
namespace {

// -1: not a hexadecimal digit.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// No white space and no control characters. A fragment is the client's own affair and must not be
// sent.
constexpr CharacterSet kAnyText = CharacterSet::FieldTextBut("\t #");
constexpr CharacterSet kAsciiText =
    CharacterSet::AlphanumericAnd("!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

// RFC 3986, 3.3 and 3.4: pchar with "/", and "?" in a query.
constexpr CharacterSet kPathText = CharacterSet::AlphanumericAnd("-._~!$&'()*+,;=:@/");
constexpr CharacterSet kQueryText = CharacterSet::AlphanumericAnd("-._~!$&'()*+,;=:@/?");

void AppendEncoded(std::string& out, char c) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out.push_back('%');
  out.push_back(kDigits[byte >> 4]);
  out.push_back(kDigits[byte & 15]);
}

// Whether the path is its own normal form: no encodings, no "//", and no segment that
// begins with a dot (some of those are fine, and take the long way).
bool IsNormal(absl::string_view path) {
  char previous = 0;
  for (const char c : path) {
    if (c == '%' || (previous == '/' && (c == '/' || c == '.'))) return false;
    previous = c;
  }
  return true;
}

// "http://host/path?query" without its scheme and authority. False: no such scheme, or the
// authority is none.
bool StripOrigin(absl::string_view& target) {
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWithIgnoreCase(target, scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    if (!IsAuthority(target.substr(0, end))) return false;
    target.remove_prefix(end);
    return true;
  }
  return false;
}

}  // namespace

bool RequestTarget::Parse(absl::string_view target) {
  path_ = query_ = absl::string_view();
  if (target == "*") {
    path_ = target;
    return true;
  }
  if (!(admits_any_ ? kAnyText : kAsciiText).HasAll(target)) return false;
  if (target.empty() || target.front() != '/') {
    if (!StripOrigin(target)) return false;
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  query_ = target.substr(question);
  absl::string_view path = target.substr(0, question);
  if (path.empty()) path = "/";  // "http://host?query"
  if (IsNormal(path)) {
    path_ = path;
    return true;
  }
  return Normalize(path);
}

bool RequestTarget::Normalize(absl::string_view encoded) {
  buffer_.clear();
  // Decodes, and drops a slash that follows another.
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    char c = encoded[i];
    if (c == '%') {
      if (encoded.size() - i < 3) return false;
      const int high = HexDigit(encoded[i + 1]);
      const int low = HexDigit(encoded[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      if (c == '\0') return false;
      i += 2;
    }
    if (c == '/' && !buffer_.empty() && buffer_.back() == '/') continue;
    buffer_.push_back(c);
  }
  // Resolves dot segments in place: what is done never grows beyond what is read.
  std::size_t done = 0;
  for (std::size_t begin = 0; begin < buffer_.size();) {
    const std::size_t end = std::min(buffer_.find('/', begin + 1), buffer_.size());
    const absl::string_view segment(buffer_.data() + begin, end - begin);  // with its slash
    const bool is_last = end == buffer_.size();
    if (segment == "/.") {
      if (is_last) buffer_[done++] = '/';
    } else if (segment == "/..") {
      if (done == 0) return false;
      done = buffer_.rfind('/', done - 1);
      if (is_last) buffer_[done++] = '/';
    } else {
      std::copy(segment.begin(), segment.end(), buffer_.begin() + static_cast<long>(done));
      done += segment.size();
    }
    begin = end;
  }
  buffer_.resize(done);
  path_ = buffer_;
  return true;
}

std::string EncodePath(absl::string_view path) {
  std::string encoded;
  encoded.reserve(path.size());
  for (const char c : path) {
    if (kPathText.Has(c)) {
      encoded.push_back(c);
    } else {
      AppendEncoded(encoded, c);
    }
  }
  return encoded;
}

std::string EncodeQuery(absl::string_view query) {
  std::string encoded;
  encoded.reserve(query.size());
  for (std::size_t i = 0; i < query.size(); ++i) {
    const bool is_encoding = query[i] == '%' && query.size() - i > 2 &&
                             HexDigit(query[i + 1]) >= 0 && HexDigit(query[i + 2]) >= 0;
    if (is_encoding || kQueryText.Has(query[i])) {
      encoded.push_back(query[i]);
    } else {
      AppendEncoded(encoded, query[i]);
    }
  }
  return encoded;
}

}  // namespace muster::worker::http
