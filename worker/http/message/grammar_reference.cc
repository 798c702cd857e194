#include "muster/worker/http/message/grammar_reference.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <regex>

namespace muster::worker::http {
namespace {

// What is not a control character: HTAB, SP, VCHAR and obs-text.
constexpr char kTextRule[] = R"re([^\x00-\x08\x0A-\x1F\x7F])re";
constexpr char kTokenRule[] = R"re([-!#$%&'*+.^_`|~0-9A-Za-z]+)re";

std::string Group(const std::string& rule) { return "(?:" + rule + ")"; }

std::regex Rule(const std::string& rule) { return std::regex(rule, std::regex::ECMAScript); }

std::string AuthorityRule() {
  const std::string h16 = "[0-9A-Fa-f]{1,4}";
  const std::string octet = Group("25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9][0-9]|[0-9]");
  const std::string ipv4 = octet + "\\." + octet + "\\." + octet + "\\." + octet;
  const std::string ls32 = Group(h16 + ":" + h16 + "|" + ipv4);
  const auto pairs = [&](const std::string& times) { return Group(h16 + ":") + "{" + times + "}"; };
  const auto before = [&](const std::string& most) {
    return Group(pairs("0," + most) + h16) + "?";
  };
  // The nine lines of RFC 3986.
  const std::string ipv6 = pairs("6") + ls32 +                             //
                           "|::" + pairs("5") + ls32 +                     //
                           "|" + before("0") + "::" + pairs("4") + ls32 +  //
                           "|" + before("1") + "::" + pairs("3") + ls32 +  //
                           "|" + before("2") + "::" + pairs("2") + ls32 +  //
                           "|" + before("3") + "::" + h16 + ":" + ls32 +   //
                           "|" + before("4") + "::" + ls32 +               //
                           "|" + before("5") + "::" + h16 +                //
                           "|" + before("6") + "::";
  const std::string name_text = "[-._~!$&'()*+,;=0-9A-Za-z]";
  const std::string future = "[vV][0-9A-Fa-f]+\\." + Group(name_text + "|:") + "+";
  const std::string name = Group(name_text + "|%[0-9A-Fa-f]{2}") + "+";
  return Group(name + "|\\[" + Group(ipv6 + "|" + future) + "\\]") + "(?::[0-9]*)?";
}

std::string ChunkLineRule() {
  const std::string bws = "[ \\t]*";
  const std::string token = kTokenRule;
  const std::string text = kTextRule;
  // A backslash and a quote stand in a quoted string only behind a backslash.
  const std::string quoted = "\"" + Group("\\\\" + text + "|(?![\\\\\"])" + text) + "*\"";
  const std::string value = Group(bws + "=" + bws + Group(token + "|" + quoted)) + "?";
  return "([0-9A-Fa-f]+)" + Group(bws + ";" + bws + token + value) + "*\\r\\n";
}

std::string FieldsRule() {
  return Group(std::string(kTokenRule) + ":" + kTextRule + "*\\r\\n") + "*\\r\\n";
}

// Takes what the rule has off the front of `text`, from `at` on.
bool Take(const std::regex& rule, const std::string& text, std::size_t& at, std::smatch& match) {
  if (!std::regex_search(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), match, rule,
                         std::regex_constants::match_continuous)) {
    return false;
  }
  at += static_cast<std::size_t>(match.length());
  return true;
}

}  // namespace

bool IsAuthorityByTheRules(const std::string& text) {
  static const std::regex rule = Rule(AuthorityRule());
  return std::regex_match(text, rule);
}

std::optional<ChunkedBody> ReadChunkedByTheRules(const std::string& bytes) {
  static const std::regex line = Rule(ChunkLineRule());
  static const std::regex fields = Rule(FieldsRule());
  ChunkedBody body;
  std::smatch match;
  while (true) {
    if (!Take(line, bytes, body.bytes, match)) return std::nullopt;
    const std::string digits = match[1];
    const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size());
    if (digits.size() - first > 16) return std::nullopt;
    const std::uint64_t size =
        first == digits.size() ? 0 : std::stoull(digits.substr(first), nullptr, 16);
    if (size == 0) break;
    const std::size_t left = bytes.size() - body.bytes;
    if (left < 2 || size > left - 2) return std::nullopt;
    body.content += bytes.substr(body.bytes, size);
    body.bytes += size;
    if (bytes.compare(body.bytes, 2, "\r\n") != 0) return std::nullopt;
    body.bytes += 2;
  }
  if (!Take(fields, bytes, body.bytes, match)) return std::nullopt;
  return body;
}

bool IsHeadByTheRules(const std::string& bytes) {
  static const std::regex rule =
      Rule(std::string(kTokenRule) + " [^\\x00-\\x20\\x7F]+ HTTP/1\\.[0-9]\\r\\n" + FieldsRule());
  return std::regex_match(bytes, rule);
}

std::optional<TargetParts> ReadTargetByTheRules(const std::string& text) {
  if (text == "*") return TargetParts{"*", ""};
  // VCHAR without "#"; and without "?", too.
  static const std::regex rule =
      Rule(Group("([hH][tT][tT][pP][sS]?://" + Group(AuthorityRule()) + ")") +
           "?((?:/[!\"$->@-~]*)?)((?:\\?[!\"$-~]*)?)");
  std::smatch match;
  if (!std::regex_match(text, match, rule)) return std::nullopt;
  if (match[1].length() == 0 && match[2].length() == 0) return std::nullopt;
  const auto path = NormalizeByTheRules(match[2].length() == 0 ? "/" : match[2].str());
  if (!path.has_value()) return std::nullopt;
  return TargetParts{*path, match[3]};
}

std::optional<std::string> NormalizeByTheRules(const std::string& encoded) {
  std::string decoded;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      decoded += encoded[i];
      continue;
    }
    static const std::regex rule = Rule("%[0-9A-Fa-f]{2}");
    const std::string encoding = encoded.substr(i, 3);
    if (!std::regex_match(encoding, rule) || encoding == "%00") return std::nullopt;
    decoded += static_cast<char>(std::stoi(encoding.substr(1), nullptr, 16));
    i += 2;
  }
  std::vector<std::string> segments;
  bool is_folder = false;
  for (std::size_t at = 0; at < decoded.size();) {
    const std::size_t end = std::min(decoded.find('/', at + 1), decoded.size());
    const std::string segment = decoded.substr(at + 1, end - at - 1);
    at = end;
    is_folder = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (segments.empty()) return std::nullopt;
      segments.pop_back();
    } else if (!is_folder) {
      segments.push_back(segment);
    }
  }
  std::string path;
  for (const std::string& segment : segments) path += "/" + segment;
  return is_folder ? path + "/" : path;
}

void ForTextsOf(const std::vector<std::string>& parts, int most, int random,
                const std::function<void(const std::string& text)>& check) {
  const std::function<void(const std::string&, int)> extend = [&](const std::string& text,
                                                                  int left) {
    check(text);
    if (left == 0) return;
    for (const std::string& part : parts) extend(text + part, left - 1);
  };
  extend("", most);
  // The same ones in each run.
  std::mt19937 generator(1);
  std::uniform_int_distribution<std::size_t> any(0, parts.size() - 1);
  std::uniform_int_distribution<int> length(most + 1, most + 8);
  for (int i = 0; i < random; ++i) {
    std::string text;
    for (int left = length(generator); left > 0; --left) text += parts[any(generator)];
    check(text);
  }
}

}  // namespace muster::worker::http
