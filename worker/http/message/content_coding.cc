#include "muster/worker/http/message/content_coding.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace muster::worker::http {
namespace {

constexpr int kMostWeight = 1000;
constexpr int kNotNamed = -1;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// "0", "0.5", "1.000": at most three digits behind the point, and at most one.
std::optional<int> ParseWeight(absl::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * kMostWeight;
  text.remove_prefix(1);
  if (text.empty()) return weight;
  if (text[0] != '.' || text.size() > 4) return std::nullopt;
  int unit = kMostWeight / 10;
  for (const char c : text.substr(1)) {
    if (!IsDigit(c)) return std::nullopt;
    weight += (c - '0') * unit;
    unit /= 10;
  }
  if (weight > kMostWeight) return std::nullopt;
  return weight;
}

// Of ";q=0.5", where nothing means 1.
std::optional<int> ParseParameters(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  if (text.empty()) return kMostWeight;
  if (!absl::ConsumePrefix(&text, ";")) return std::nullopt;
  text = absl::StripLeadingAsciiWhitespace(text);
  if (!absl::StartsWithIgnoreCase(text, "q=")) return std::nullopt;
  return ParseWeight(text.substr(2));
}

std::optional<ContentCoding> CodingOf(absl::string_view token) {
  if (absl::EqualsIgnoreCase(token, "x-gzip")) return ContentCoding::kGzip;
  for (std::size_t i = 0; i < kContentCodings; ++i) {
    const auto coding = static_cast<ContentCoding>(i);
    if (absl::EqualsIgnoreCase(token, TokenOf(coding))) return coding;
  }
  return std::nullopt;
}

}  // namespace

absl::string_view TokenOf(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kIdentity:
      break;
    case ContentCoding::kGzip:
      return "gzip";
    case ContentCoding::kBrotli:
      return "br";
    case ContentCoding::kZstandard:
      return "zstd";
  }
  return "identity";
}

absl::string_view SuffixOf(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kIdentity:
      break;
    case ContentCoding::kGzip:
      return ".gz";
    case ContentCoding::kBrotli:
      return ".br";
    case ContentCoding::kZstandard:
      return ".zst";
  }
  return "";
}

AcceptEncoding::AcceptEncoding(std::optional<absl::string_view> value) {
  constexpr auto kIdentity = static_cast<std::size_t>(ContentCoding::kIdentity);
  weights_[kIdentity] = kMostWeight;
  if (!value.has_value()) return;
  weights_.fill(kNotNamed);
  int others = kNotNamed;  // the weight of "*"
  for (absl::string_view element : absl::StrSplit(*value, ',')) {
    element = absl::StripAsciiWhitespace(element);
    const absl::string_view token = element.substr(0, element.find_first_of("; \t"));
    const std::optional<int> weight = ParseParameters(element.substr(token.size()));
    if (!weight.has_value()) continue;
    if (token == "*") {
      others = *weight;
    } else if (const auto coding = CodingOf(token); coding.has_value()) {
      weights_[static_cast<std::size_t>(*coding)] = *weight;
    }
  }
  for (int& weight : weights_) {
    if (weight == kNotNamed) weight = others;
  }
  if (weights_[kIdentity] == kNotNamed) weights_[kIdentity] = 1;
  for (int& weight : weights_) {
    if (weight == kNotNamed) weight = 0;
  }
}

}  // namespace muster::worker::http
