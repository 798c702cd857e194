// The parsers against the second way of saying what they accept.

#include "muster/worker/websocket/wire/websocket_reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/worker/http/message/grammar_reference.h"
#include "muster/worker/websocket/wire/client_frames.h"
#include "muster/worker/websocket/wire/handshake.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {
namespace {

using http::ForTextsOf;

// How many of the texts were accepted: a comparison in which all are refused tells nothing.
struct Count {
  int accepted = 0;
  int refused = 0;
  void Add(bool is_accepted) { ++(is_accepted ? accepted : refused); }
  ~Count() {
    EXPECT_GT(accepted, 50);
    EXPECT_GT(refused, 50);
  }
};

Handshake ShakeWith(const std::string& key, const std::string& line,
                    const HandshakeRules& rules = {}) {
  const std::string fields = absl::StrCat(
      "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ", key,
      "\r\nSec-WebSocket-Version: 13\r\n", line, "\r\n");
  return Shake({.method = "GET", .headers = http::HeaderFields(fields)}, rules);
}
constexpr char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";

TEST(WebSocketReference, HasTheSameKeys) {
  Count count;
  ForTextsOf({"dGhlIHNhbXBsZSBub2", "+/", "a9", "Q", "z0", "==", "=", "-", "\""}, 5, 50'000,
             [&](const std::string& text) {
               const bool is_key = IsKeyByTheRules(text);
               count.Add(is_key);
               ASSERT_EQ(ShakeWith(text, "").status == 101, is_key) << text;
             });
}

TEST(WebSocketReference, HasTheSameProtocols) {
  Count count;
  ForTextsOf({"chat", "b", ",", " ", "\t", "\"", "(", "\xe9", ", ", "!"}, 5, 50'000,
             [&](const std::string& text) {
               const auto expected = ReadProtocolsByTheRules(text);
               count.Add(expected.has_value());
               const Handshake handshake =
                   ShakeWith(kKey, absl::StrCat("Sec-WebSocket-Protocol: ", text, "\r\n"),
                             {.protocols = {"chat", "b"}});
               ASSERT_EQ(handshake.status == 101, expected.has_value()) << text;
               if (!expected.has_value()) return;
               const auto first = std::find_if(expected->begin(), expected->end(),
                                               [](const std::string& protocol) {
                                                 return protocol == "chat" || protocol == "b";
                                               });
               ASSERT_EQ(handshake.protocol, first == expected->end() ? "" : *first) << text;
             });
}

std::string Describe(const std::vector<ExtensionOffer>& offers) {
  std::string text;
  for (const ExtensionOffer& offer : offers) {
    absl::StrAppend(&text, "[", offer.name);
    for (const auto& [name, value] : offer.parameters) {
      absl::StrAppend(&text, ";", name, value.has_value() ? absl::StrCat("=<", *value, ">") : "");
    }
    absl::StrAppend(&text, "]");
  }
  return text;
}

TEST(WebSocketReference, HasTheSameExtensions) {
  Count count;
  ForTextsOf({"a", "b=c", ";", "=", ",", " ", "\"", "\\", "\"d\"", "; e", "(", "\xe9"}, 5, 100'000,
             [&](const std::string& text) {
               const auto expected = ReadExtensionsByTheRules(text);
               count.Add(expected.has_value());
               std::vector<ExtensionOffer> offers;
               ASSERT_EQ(ParseExtensions(text, offers), expected.has_value()) << text;
               if (!expected.has_value()) return;
               ASSERT_EQ(Describe(offers), Describe(*expected)) << text;
             });
}

constexpr MessageBounds kBounds = {.max_frame_bytes = 130, .max_message_bytes = 140};

void ExpectSameEvents(const std::string& bytes, Count& count) {
  const auto expected =
      ReadFramesByTheRules(bytes, kBounds.max_frame_bytes, kBounds.max_message_bytes);
  count.Add(expected.empty() || expected.back().find("failed") != 0);
  for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{3}}) {
    const ServerEnd::Share share = {.bounds = kBounds};
    ServerEnd end(share);
    ASSERT_EQ(EventsOf(end, bytes, std::max<std::size_t>(piece, 1)), expected)
        << absl::StrJoin(bytes, " ", [](std::string* out, char c) {
             absl::StrAppend(out, absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
           });
  }
}

TEST(WebSocketReference, HasTheSameFrames) {
  Count count;
  ForTextsOf({Text("a"),
              Text("b", false),
              Continuation("c"),
              Continuation("d", false),
              Binary("e"),
              Binary("", false),
              Ping("p"),
              Pong(),
              Close(1000, "r"),
              Text("\xe2\x82", false),
              Continuation("\xac", false),
              Continuation("\xe2"),
              Text(std::string(126, 'x'), false),
              Binary(std::string(131, 'x'), false),
              Continuation(std::string(14, 'x')),
              Encode({.opcode = 3}),
              Encode({.rsv = 4}),
              Encode({.is_masked = false}),
              Encode({.opcode = 9, .is_final = false}),
              Close(1004)},
             3, 30'000, [&](const std::string& text) { ExpectSameEvents(text, count); });
}

TEST(WebSocketReference, HasTheSameHeaders) {
  Count count;
  // Byte by byte: opcodes, lengths, masks and what is cut off.
  ForTextsOf({std::string("\x81", 1), std::string("\x01", 1), std::string("\x80", 1),
              std::string("\x00", 1), std::string("\x88", 1), std::string("\x89", 1),
              std::string("\x82", 1), std::string("\xfe", 1), std::string("\xff", 1),
              std::string("\x7e", 1), std::string("\x02", 1), std::string("\x83", 1),
              std::string("\xfd", 1), std::string("\xc1", 1), std::string("\x03\xe8", 2),
              std::string("\x00\x7e", 2), std::string(4, '\0')},
             4, 50'000, [&](const std::string& text) { ExpectSameEvents(text, count); });
}

}  // namespace
}  // namespace muster::worker::websocket
