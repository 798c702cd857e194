#include "muster/worker/websocket/wire/extension_offer.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/worker/http/message/character_set.h"

namespace muster::worker::websocket {
namespace {

constexpr absl::string_view kDeflate = "permessage-deflate";
constexpr int kMostWindowBits = 15;

// Reads a field from its front.
class FieldReader {
 public:
  explicit FieldReader(absl::string_view text) : rest_(text) {}

  bool is_empty() const { return rest_.empty(); }
  bool is_at_comma() const { return !rest_.empty() && rest_[0] == ','; }
  void SkipSpace() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  // With white space around it.
  bool Take(char c) {
    SkipSpace();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    SkipSpace();
    return true;
  }
  // Empty: there is none.
  absl::string_view Token() {
    std::size_t size = 0;
    while (size < rest_.size() && http::kTokenText.Has(rest_[size])) ++size;
    const absl::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }
  // A token, or one in quotes (RFC 6455, 9.1).
  std::optional<std::string> Value() {
    if (rest_.empty() || rest_[0] != '"') {
      const absl::string_view token = Token();
      if (token.empty()) return std::nullopt;
      return std::string(token);
    }
    rest_.remove_prefix(1);
    std::string value;
    while (!rest_.empty() && rest_[0] != '"') {
      if (rest_[0] == '\\') rest_.remove_prefix(1);
      if (rest_.empty() || !http::kTokenText.Has(rest_[0])) return std::nullopt;
      value.push_back(rest_[0]);
      rest_.remove_prefix(1);
    }
    if (rest_.empty() || value.empty()) return std::nullopt;
    rest_.remove_prefix(1);
    return value;
  }

 private:
  absl::string_view rest_;
};

// 8 to 15, without a zero before it. 0: it is none of them.
int ParseWindowBits(absl::string_view text) {
  if (text == "8" || text == "9") return text[0] - '0';
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') {
    return 10 + text[1] - '0';
  }
  return 0;
}

std::optional<DeflateAgreement> AgreeOn(const ExtensionOffer& offer) {
  DeflateAgreement agreement;
  agreement.terms.window_bits = kMostWindowBits;
  std::set<absl::string_view> seen;
  bool wants_window = false;
  for (const ExtensionOffer::Parameter& parameter : offer.parameters) {
    if (!seen.insert(parameter.name).second) return std::nullopt;
    const int bits = parameter.value.has_value() ? ParseWindowBits(*parameter.value) : 0;
    if (parameter.name == "server_no_context_takeover" ||
        parameter.name == "client_no_context_takeover") {
      if (parameter.value.has_value()) return std::nullopt;
    } else if (parameter.name == "server_max_window_bits") {
      if (bits == 0) return std::nullopt;
      agreement.terms.window_bits = bits;
      wants_window = true;
    } else if (parameter.name == "client_max_window_bits") {
      // Only a hint, since any window can be read here.
      if (parameter.value.has_value() && bits == 0) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  agreement.response =
      absl::StrCat(kDeflate, "; server_no_context_takeover; client_no_context_takeover");
  if (wants_window) {
    absl::StrAppend(&agreement.response, "; server_max_window_bits=", agreement.terms.window_bits);
  }
  return agreement;
}

}  // namespace

bool ParseExtensions(absl::string_view field, std::vector<ExtensionOffer>& offers) {
  FieldReader reader(field);
  const std::size_t known = offers.size();
  reader.SkipSpace();
  do {
    // Elements of a list may be empty, but not all of them (RFC 9110, 5.6.1).
    if (reader.is_at_comma() || (reader.is_empty() && offers.size() > known)) continue;
    ExtensionOffer offer;
    offer.name = std::string(reader.Token());
    if (offer.name.empty()) return false;
    while (reader.Take(';')) {
      ExtensionOffer::Parameter parameter;
      parameter.name = std::string(reader.Token());
      if (parameter.name.empty()) return false;
      if (reader.Take('=')) {
        parameter.value = reader.Value();
        if (!parameter.value.has_value()) return false;
      }
      offer.parameters.push_back(std::move(parameter));
    }
    offers.push_back(std::move(offer));
  } while (reader.Take(','));
  return reader.is_empty();
}

std::optional<DeflateAgreement> AgreeOnDeflate(const std::vector<ExtensionOffer>& offers) {
  for (const ExtensionOffer& offer : offers) {
    if (offer.name != kDeflate) continue;
    if (auto agreement = AgreeOn(offer); agreement.has_value()) return agreement;
  }
  return std::nullopt;
}

}  // namespace muster::worker::websocket
