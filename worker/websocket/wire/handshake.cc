#include "muster/worker/websocket/wire/handshake.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/worker/http/message/character_set.h"
#include "muster/worker/websocket/wire/extension_offer.h"
#include "muster/worker/websocket/wire/web_origin.h"

namespace muster::worker::websocket {
namespace {

// RFC 6455, 1.3.
constexpr absl::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr absl::string_view kVersion = "13";
constexpr http::CharacterSet kBase64Text = http::CharacterSet::AlphanumericAnd("+/");

Handshake Refuse(int status, absl::string_view error) {
  Handshake refused;
  refused.status = status;
  refused.error = absl::StrCat(error, "\n");
  return refused;
}

// All fields of one name, and how often it is there.
struct Field {
  Field(const http::HeaderFields& headers, absl::string_view name) {
    headers.ForEach([&](absl::string_view field, absl::string_view text) {
      if (absl::EqualsIgnoreCase(field, name)) values.push_back(text);
    });
  }
  // As a list (RFC 9110, 5.6.1), whose elements may be empty.
  std::vector<absl::string_view> Elements() const {
    std::vector<absl::string_view> elements;
    for (const absl::string_view value : values) {
      for (const absl::string_view element : absl::StrSplit(value, ',')) {
        const absl::string_view text = absl::StripAsciiWhitespace(element);
        if (!text.empty()) elements.push_back(text);
      }
    }
    return elements;
  }
  bool HasToken(absl::string_view token) const {
    const std::vector<absl::string_view> elements = Elements();
    return std::any_of(elements.begin(), elements.end(), [token](absl::string_view element) {
      return absl::EqualsIgnoreCase(element, token);
    });
  }

  std::vector<absl::string_view> values;
};

// 16 bytes in base64.
bool IsKey(absl::string_view text) {
  return text.size() == 24 && absl::EndsWith(text, "==") &&
         kBase64Text.HasAll(text.substr(0, text.size() - 2));
}

bool IsAllowed(absl::string_view origin, const http::HeaderFields& headers,
               const HandshakeRules& rules) {
  const std::optional<WebOrigin> parsed = WebOrigin::Parse(origin);
  if (rules.origins.empty()) {
    const std::optional<absl::string_view> host = headers.Get("Host");
    return parsed.has_value() && host.has_value() && parsed->IsOf(*host);
  }
  return std::any_of(rules.origins.begin(), rules.origins.end(), [&](const std::string& rule) {
    if (rule == "*" || absl::EqualsIgnoreCase(rule, origin)) return true;
    return parsed.has_value() && parsed == WebOrigin::Parse(rule);
  });
}

}  // namespace

absl::Status CheckRules(const HandshakeRules& rules) {
  for (const std::string& origin : rules.origins) {
    if (origin == "*" || origin == "null") continue;
    // One with a pattern would be compared as it is.
    if (absl::StrContains(origin, '*') || !WebOrigin::Parse(origin).has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "rules.origins: \"", absl::CEscape(origin),
          "\" is none; write a scheme, a host and perhaps a port, as in \"https://example.org\""));
    }
  }
  for (const std::string& protocol : rules.protocols) {
    if (protocol.empty() || !http::kTokenText.HasAll(protocol)) {
      return absl::InvalidArgumentError(
          absl::StrCat("rules.protocols: \"", absl::CEscape(protocol), "\" is not a token"));
    }
  }
  return absl::OkStatus();
}

std::string AcceptOf(absl::string_view key) {
  const std::string text = absl::StrCat(key, kAcceptGuid);
  unsigned char digest[SHA_DIGEST_LENGTH];
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::Base64Escape(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

Handshake Shake(const HandshakeRequest& request, const HandshakeRules& rules) {
  const http::HeaderFields& headers = request.headers;
  if (request.method != "GET") {
    Handshake refused = Refuse(405, "a WebSocket begins with GET");
    refused.fields.emplace_back("Allow", "GET");
    return refused;
  }
  if (request.is_http_1_0 || !Field(headers, "Upgrade").HasToken("websocket") ||
      !Field(headers, "Connection").HasToken("upgrade")) {
    return Refuse(426, "this is a WebSocket: the request must ask for an upgrade to it");
  }
  const Field version(headers, "Sec-WebSocket-Version");
  if (version.values.size() != 1 || version.values[0] != kVersion) {
    Handshake refused = Refuse(426, "version 13 of the protocol is spoken");
    refused.fields.emplace_back("Sec-WebSocket-Version", kVersion);
    return refused;
  }
  if (request.has_body) return Refuse(400, "the request has a body");
  const Field key(headers, "Sec-WebSocket-Key");
  if (key.values.size() != 1 || !IsKey(key.values[0])) {
    return Refuse(400, "Sec-WebSocket-Key is not 16 bytes in base64");
  }
  const Field origin(headers, "Origin");
  if (origin.values.size() > 1) return Refuse(400, "Origin is there twice");
  if (!origin.values.empty() && !IsAllowed(origin.values[0], headers, rules)) {
    return Refuse(403, "pages of this origin may not connect");
  }

  Handshake agreed;
  agreed.fields.emplace_back("Sec-WebSocket-Accept", AcceptOf(key.values[0]));
  const Field protocols(headers, "Sec-WebSocket-Protocol");
  if (!protocols.values.empty() && protocols.Elements().empty()) {
    return Refuse(400, "Sec-WebSocket-Protocol has no protocol");
  }
  for (const absl::string_view protocol : protocols.Elements()) {
    if (!http::kTokenText.HasAll(protocol)) {
      return Refuse(400, "Sec-WebSocket-Protocol is not a list of tokens");
    }
    const auto& known = rules.protocols;
    if (agreed.protocol.empty() && std::find(known.begin(), known.end(), protocol) != known.end()) {
      agreed.protocol = std::string(protocol);
    }
  }
  if (!agreed.protocol.empty()) {
    agreed.fields.emplace_back("Sec-WebSocket-Protocol", agreed.protocol);
  }
  std::vector<ExtensionOffer> offers;
  for (const absl::string_view value : Field(headers, "Sec-WebSocket-Extensions").values) {
    if (!ParseExtensions(value, offers)) {
      return Refuse(400, "Sec-WebSocket-Extensions does not conform to RFC 6455, 9.1");
    }
  }
  if (rules.has_deflate) {
    if (auto agreement = AgreeOnDeflate(offers); agreement.has_value()) {
      agreed.deflate = agreement->terms;
      agreed.fields.emplace_back("Sec-WebSocket-Extensions", agreement->response);
    }
  }
  return agreed;
}

}  // namespace muster::worker::websocket
