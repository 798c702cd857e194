#include "muster/config/text_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/config/syntax/text_scan.h"
#include "muster/proto/utf8.h"

namespace muster::config {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kMostQuotes = 20;

std::vector<TextMistake> One(std::size_t offset, std::string problem) {
  return {TextMistake{offset, "", std::move(problem)}};
}

// ---- Bytes ----

// A control character that has no place in a text.
bool IsOdd(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_iscntrl(byte) && !absl::ascii_isspace(byte);
}

std::vector<TextMistake> CheckBytes(absl::string_view text, ConfigFormat format) {
  if (absl::StartsWith(text, "\xff\xfe") || absl::StartsWith(text, "\xfe\xff")) {
    return One(0, "is a text in UTF-16; save it as UTF-8");
  }
  const auto odd = std::find_if(text.begin(), text.end(), IsOdd);
  if (odd == text.end()) return {};
  const std::size_t offset = odd - text.begin();
  if (absl::StrContains(text, absl::string_view("\0", 1)) || !IsUtf8(text)) {
    return One(offset, absl::StrCat("is binary data, not a text: there is a byte 0x",
                                    absl::Hex(static_cast<unsigned char>(*odd), absl::kZeroPad2)));
  }
  return One(offset, absl::StrCat("there is a control character; in quotes write ",
                                  format == ConfigFormat::kJson ? "\\u00" : "\\x",
                                  absl::Hex(static_cast<unsigned char>(*odd), absl::kZeroPad2)));
}

// ---- Characters ----

// The code point that begins at `at`; 0: it is no UTF-8.
std::uint32_t CodePointAt(absl::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (!IsUtf8(text.substr(at, size)) || text.size() - at < size) return 0;
  std::uint32_t point = first & (0xff >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3f);
  }
  return point;
}

std::string WhatOf(std::uint32_t point) {
  switch (point) {
    case 0:
      return "there is a byte that is not UTF-8; save the text as UTF-8";
    case 0x00ab:
    case 0x00bb:
    case 0x2018:
    case 0x2019:
    case 0x201a:
    case 0x201c:
    case 0x201d:
    case 0x201e:
      return "there is a typographic quote; write \"";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return "there is a typographic dash; write -";
    case 0x00a0:
    case 0x200b:
    case 0x202f:
    case 0x3000:
    case 0xfeff:
      return absl::StrCat("there is a special blank, U+", absl::Hex(point, absl::kZeroPad4),
                          "; write a plain one");
    default:
      return absl::StrCat("there is U+", absl::Hex(point, absl::kZeroPad4),
                          ", which may be in quotes and comments only");
  }
}

// ---- JSON or not ----

// Whether a name is followed by what only text format has behind it.
bool LooksLikeTextFormat(absl::string_view syntax, std::size_t at) {
  const std::size_t end = SkipName(syntax, at);
  if (end == at) return false;
  const std::size_t next = SkipBlanks(syntax, end);
  return next < syntax.size() &&
         (syntax[next] == ':' || syntax[next] == '{' || syntax[next] == '<');
}

// `first`: where the syntax begins.
std::vector<TextMistake> CheckJson(const TextScan& scan, std::size_t first) {
  if (LooksLikeTextFormat(scan.syntax, first)) {
    return One(first,
               "is protobuf's text format in a file whose name says JSON; give it a name that does "
               "not end in .json");
  }
  if (scan.syntax[first] != '{') {
    return One(first, scan.syntax[first] == '['
                          ? "is a list, but a configuration is one object, { ... }"
                          : "is no object, but a configuration is one, { ... }");
  }
  if (scan.comment.has_value()) {
    return One(*scan.comment,
               "there is a comment, which JSON does not have; leave it out, or write the "
               "configuration in protobuf's text format, where # begins one");
  }
  return {};
}

std::vector<TextMistake> CheckTextFormat(const TextScan& scan, std::size_t first) {
  const absl::string_view syntax = scan.syntax;
  const std::size_t second = SkipBlanks(syntax, first + 1);
  const bool is_list = syntax[first] == '[' && second < syntax.size() &&
                       (syntax[second] == '{' || syntax[second] == '"');
  if (syntax[first] == '{' || is_list) {
    return One(first,
               "is JSON in a file whose name does not say so; give it a name that ends in .json");
  }
  const std::size_t comment = std::min(syntax.find("//"), syntax.find("/*"));
  if (comment != syntax.npos && comment > 0 && syntax[comment - 1] == ':') {
    return One(comment, "a text needs quotes around it");
  }
  if (comment != syntax.npos) {
    return One(comment, absl::StrCat("\"", syntax.substr(comment, 2),
                                     "\" begins no comment; write # before each line of it"));
  }
  return {};
}

}  // namespace

std::string WithoutByteOrderMark(std::string text) {
  if (absl::StartsWith(text, kByteOrderMark)) text.replace(0, kByteOrderMark.size(), "   ");
  return text;
}

std::vector<TextMistake> CheckText(absl::string_view text, ConfigFormat format) {
  if (auto mistakes = CheckBytes(text, format); !mistakes.empty()) return mistakes;
  const TextScan scan = ScanText(text, format);
  const std::size_t first = SkipBlanks(scan.syntax, 0);
  const bool is_json = format == ConfigFormat::kJson;
  if (first == text.size()) {
    return One(0,
               absl::StrCat(scan.comment.has_value() ? "has comments only" : "is empty",
                            "; a configuration has at least ",
                            is_json ? "{\"listen\": [{\"address\": \"127.0.0.1:8080\"}], "
                                      "\"http\": { ... }}"
                                    : "listen { address: \"127.0.0.1:8080\" } and http { ... }"));
  }
  auto mistakes = is_json ? CheckJson(scan, first) : CheckTextFormat(scan, first);
  if (!mistakes.empty()) return mistakes;
  if (scan.foreign_character.has_value()) {
    return One(*scan.foreign_character, WhatOf(CodePointAt(text, *scan.foreign_character)));
  }
  for (const std::size_t quote : scan.open_quotes) {
    if (mistakes.size() == kMostQuotes) break;
    mistakes.push_back({quote, "",
                        absl::StrCat("this quote has no partner in its line; write ",
                                     text.substr(quote, 1), " at both ends of the text")});
  }
  return mistakes;
}

}  // namespace muster::config
