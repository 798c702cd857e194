#include "muster/worker/websocket/wire/websocket_reference.h"

#include <algorithm>
#include <regex>

#include "absl/strings/str_cat.h"

namespace muster::worker::websocket {
namespace {

const std::string& TokenRule() {
  static const std::string rule = R"re([-!#$%&'*+.^_`|~0-9A-Za-z]+)re";
  return rule;
}

// A backslash may stand before each character of the token (9.1).
const std::string& QuotedTokenRule() {
  static const std::string rule = R"re("(?:\\?[-!#$%&'*+.^_`|~0-9A-Za-z])+")re";
  return rule;
}

// The elements of a list, without those that are empty and without white space around them. None:
// there are no others.
std::optional<std::vector<std::string>> ElementsByTheRules(const std::string& field) {
  // Quoted strings may have anything; what they may not have is refused with the element.
  static const std::regex element(R"re((?:"(?:\\.|[^"\\])*"|[^,"])+)re");
  static const std::regex outer("^[ \\t]+|[ \\t]+$");
  static const std::regex list(
      R"re((?:(?:"(?:\\.|[^"\\])*"|[^,"])*,)*(?:"(?:\\.|[^"\\])*"|[^,"])*)re");
  if (!std::regex_match(field, list)) return std::nullopt;
  std::vector<std::string> elements;
  for (std::sregex_iterator found(field.begin(), field.end(), element), end; found != end;
       ++found) {
    const std::string text = std::regex_replace(found->str(), outer, "");
    if (!text.empty()) elements.push_back(text);
  }
  if (elements.empty()) return std::nullopt;
  return elements;
}

// RFC 3629, 4.
const std::string& CharacterRule() {
  static const std::string rule =
      "[\\x00-\\x7F]|[\\xC2-\\xDF][\\x80-\\xBF]|"
      "\\xE0[\\xA0-\\xBF][\\x80-\\xBF]|[\\xE1-\\xEC\\xEE\\xEF][\\x80-\\xBF]{2}|"
      "\\xED[\\x80-\\x9F][\\x80-\\xBF]|"
      "\\xF0[\\x90-\\xBF][\\x80-\\xBF]{2}|[\\xF1-\\xF3][\\x80-\\xBF]{3}|"
      "\\xF4[\\x80-\\x8F][\\x80-\\xBF]{2}";
  return rule;
}
// What may become a character by more bytes.
const std::string& BegunCharacterRule() {
  static const std::string rule =
      "[\\xC2-\\xDF]|\\xE0[\\xA0-\\xBF]?|[\\xE1-\\xEC\\xEE\\xEF][\\x80-\\xBF]?|\\xED[\\x80-\\x9F]?|"
      "\\xF0(?:[\\x90-\\xBF][\\x80-\\xBF]?)?|[\\xF1-\\xF3][\\x80-\\xBF]{0,2}|"
      "\\xF4(?:[\\x80-\\x8F][\\x80-\\xBF]?)?";
  return rule;
}

bool IsUtf8ByTheRules(const std::string& text) {
  static const std::regex rule("(?:" + CharacterRule() + ")*");
  return std::regex_match(text, rule);
}
bool BeginsUtf8ByTheRules(const std::string& text) {
  static const std::regex rule("(?:" + CharacterRule() + ")*(?:" + BegunCharacterRule() + ")?");
  return std::regex_match(text, rule);
}

int ByteAt(const std::string& bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

}  // namespace

bool IsKeyByTheRules(const std::string& text) {
  static const std::regex rule("[A-Za-z0-9+/]{22}==");
  return std::regex_match(text, rule);
}

std::optional<std::vector<std::string>> ReadProtocolsByTheRules(const std::string& field) {
  static const std::regex token(TokenRule());
  const auto elements = ElementsByTheRules(field);
  if (!elements.has_value()) return std::nullopt;
  for (const std::string& element : *elements) {
    if (!std::regex_match(element, token)) return std::nullopt;
  }
  return elements;
}

std::optional<std::vector<ExtensionOffer>> ReadExtensionsByTheRules(const std::string& field) {
  const std::string space = "[ \\t]*";
  static const std::string parameter = space + ";" + space + "(" + TokenRule() + ")(?:" + space +
                                       "=" + space + "(" + TokenRule() + "|" + QuotedTokenRule() +
                                       "))?";
  static const std::regex extension("(" + TokenRule() + ")((?:" + parameter + ")*)");
  static const std::regex one(parameter);
  static const std::regex quoting("[\"\\\\]");
  const auto elements = ElementsByTheRules(field);
  if (!elements.has_value()) return std::nullopt;
  std::vector<ExtensionOffer> offers;
  for (const std::string& element : *elements) {
    std::smatch match;
    if (!std::regex_match(element, match, extension)) return std::nullopt;
    ExtensionOffer offer = {.name = match[1], .parameters = {}};
    const std::string parameters = match[2];
    for (std::sregex_iterator found(parameters.begin(), parameters.end(), one), end; found != end;
         ++found) {
      std::optional<std::string> value;
      if ((*found)[2].matched) value = std::regex_replace((*found)[2].str(), quoting, "");
      offer.parameters.push_back({(*found)[1], value});
    }
    offers.push_back(offer);
  }
  return offers;
}

std::vector<std::string> ReadFramesByTheRules(const std::string& bytes,
                                              std::uint64_t max_frame_bytes,
                                              std::uint64_t max_message_bytes) {
  std::vector<std::string> events;
  std::string message;
  int type = 0;  // of the message that is under way
  const auto fail = [&](int code) {
    events.push_back("failed " + std::to_string(code));
    return events;
  };
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string rest = bytes.substr(at);
    const int opcode = ByteAt(rest, 0) & 15;
    const bool is_final = (ByteAt(rest, 0) & 128) != 0;
    const bool is_control = opcode >= 8;
    if ((ByteAt(rest, 0) & 0x70) != 0) return fail(1002);
    if ((opcode > 2 && opcode < 8) || opcode > 10) return fail(1002);
    if (is_control && !is_final) return fail(1002);
    if (rest.size() < 2) break;
    if ((ByteAt(rest, 1) & 128) == 0) return fail(1002);
    std::uint64_t length = ByteAt(rest, 1) & 127;
    if (is_control && length > 125) return fail(1002);
    std::size_t header = 2;
    if (length >= 126) {
      const std::size_t digits = length == 126 ? 2 : 8;
      if (rest.size() < header + digits) break;
      length = 0;
      for (std::size_t i = 0; i < digits; ++i) length = length << 8 | ByteAt(rest, header + i);
      if (digits == 2 && length < 126) return fail(1002);
      if (digits == 8 && (length < 65536 || length >> 63 != 0)) return fail(1002);
      header += digits;
    }
    if (rest.size() < header + 4) break;
    if (!is_control) {
      if (opcode == 0 && type == 0) return fail(1002);
      if (opcode != 0 && type != 0) return fail(1002);
      if (length > max_frame_bytes) return fail(1009);
      if (message.size() + length > max_message_bytes) return fail(1009);
      if (opcode != 0) type = opcode;
    }
    std::string payload = rest.substr(header + 4, length);
    for (std::size_t i = 0; i < payload.size(); ++i) {
      payload[i] = static_cast<char>(payload[i] ^ rest[header + i % 4]);
    }
    const bool is_whole = payload.size() == length;
    if (!is_control) {
      message += payload;
      if (type == 1 && !BeginsUtf8ByTheRules(message)) return fail(1007);
    }
    if (!is_whole) break;
    at += header + 4 + length;
    if (opcode == 9) events.push_back("ping " + payload);
    if (opcode == 10) events.push_back("pong " + payload);
    if (opcode == 8) {
      if (payload.size() == 1) return fail(1002);
      const int code = payload.empty() ? 1005 : ByteAt(payload, 0) * 256 + ByteAt(payload, 1);
      const bool may_be_sent = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                               (code >= 3000 && code <= 4999);
      if (!payload.empty() && !may_be_sent) return fail(1002);
      const std::string reason = payload.size() < 2 ? "" : payload.substr(2);
      if (!IsUtf8ByTheRules(reason)) return fail(1007);
      events.push_back("closed " + std::to_string(code) + " " + reason);
      return events;
    }
    if (is_control || !is_final) continue;
    if (type == 1 && !IsUtf8ByTheRules(message)) return fail(1007);
    events.push_back((type == 1 ? "text " : "binary ") + message);
    message.clear();
    type = 0;
  }
  return events;
}

std::vector<std::string> EventsOf(ServerEnd& end, absl::string_view bytes, std::size_t piece) {
  std::vector<std::string> events;
  std::string out;
  for (; !bytes.empty() && !end.is_over(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    absl::string_view input = bytes.substr(0, piece);
    for (auto event = end.Next(input, out); event != ServerEnd::Event::kNone;
         event = end.Next(input, out)) {
      switch (event) {
        case ServerEnd::Event::kText:
          events.push_back(absl::StrCat("text ", end.payload()));
          break;
        case ServerEnd::Event::kBinary:
          events.push_back(absl::StrCat("binary ", end.payload()));
          break;
        case ServerEnd::Event::kPing:
          events.push_back(absl::StrCat("ping ", end.payload()));
          break;
        case ServerEnd::Event::kPong:
          events.push_back(absl::StrCat("pong ", end.payload()));
          break;
        case ServerEnd::Event::kClosed:
          events.push_back(absl::StrCat("closed ", end.close_code(), " ", end.payload()));
          break;
        case ServerEnd::Event::kFailed:
          events.push_back(absl::StrCat("failed ", end.close_code()));
          break;
        case ServerEnd::Event::kNone:
          break;
      }
    }
  }
  return events;
}

}  // namespace muster::worker::websocket
