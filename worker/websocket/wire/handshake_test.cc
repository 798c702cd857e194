#include "muster/worker/websocket/wire/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace muster::worker::websocket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kFields[] =
    "Host: server.example.com\r\n"
    "Upgrade: websocket\r\n"
    "Connection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";

// The answer to the request of the RFC with other fields: each replaces one line, or is added.
Handshake ShakeWith(const std::string& fields, const HandshakeRules& rules = {}) {
  const std::string text = fields + "\r\n";
  return Shake({.method = "GET", .headers = http::HeaderFields(text)}, rules);
}
Handshake ShakeBut(const std::string& line, const std::string& instead) {
  return ShakeWith(absl::StrReplaceAll(kFields, {{line, instead}}));
}
Handshake ShakeAnd(const std::string& line, const HandshakeRules& rules = {}) {
  return ShakeWith(absl::StrCat(kFields, line, "\r\n"), rules);
}
std::string ExtensionsOf(const Handshake& handshake) {
  for (const auto& [name, value] : handshake.fields) {
    if (name == "Sec-WebSocket-Extensions") return value;
  }
  return "";
}
std::string AgreedFor(absl::string_view offer) {
  return ExtensionsOf(ShakeAnd(absl::StrCat("Sec-WebSocket-Extensions: ", offer)));
}

constexpr char kAgreed[] =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(Handshake, AgreesToTheRequestOfTheRfc) {
  const Handshake agreed = ShakeWith(kFields);
  EXPECT_EQ(agreed.status, 101);
  EXPECT_THAT(agreed.fields,
              ElementsAre(Pair("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
  EXPECT_EQ(agreed.deflate.window_bits, 0);
}

TEST(Handshake, IsAnUpgradeByGetWithHttp11) {
  const std::string text = absl::StrCat(kFields, "\r\n");
  const http::HeaderFields headers(text);
  EXPECT_EQ(Shake({.method = "POST", .headers = headers}, {}).status, 405);
  EXPECT_EQ(Shake({.method = "GET", .is_http_1_0 = true, .headers = headers}, {}).status, 426);
  EXPECT_EQ(Shake({.method = "GET", .headers = headers, .has_body = true}, {}).status, 400);
  EXPECT_EQ(ShakeBut("Upgrade: websocket\r\n", "").status, 426);
  EXPECT_EQ(ShakeBut("Upgrade: websocket", "Upgrade: h2c").status, 426);
  EXPECT_EQ(ShakeBut("Upgrade: websocket", "upgrade: h2c, WebSocket").status, 101);
  EXPECT_EQ(ShakeBut(", Upgrade", "").status, 426);
}

TEST(Handshake, SaysWhichVersionItSpeaks) {
  for (const char* instead :
       {"", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 13, 8\r\n",
        "Sec-WebSocket-Version: 013\r\n"}) {
    const Handshake refused = ShakeBut("Sec-WebSocket-Version: 13\r\n", instead);
    EXPECT_EQ(refused.status, 426) << instead;
    EXPECT_THAT(refused.fields, ElementsAre(Pair("Sec-WebSocket-Version", "13")));
  }
}

TEST(Handshake, NeedsAKeyOf16Bytes) {
  const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
  for (const char* instead :
       {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ==x",
        "dGhlIHNhbXBsZSBub25jZSE=", "dGhlIHNhbXBsZSBub25jZ-==", "dGhlIHNhbXBsZSBub25jZQQQ"}) {
    EXPECT_EQ(ShakeBut(key, instead).status, 400) << instead;
  }
  EXPECT_EQ(ShakeAnd("Sec-WebSocket-Key: " + key).status, 400);
}

TEST(Handshake, TakesPagesOfItsOwnHostByDefault) {
  EXPECT_EQ(ShakeAnd("Origin: https://server.example.com").status, 101);
  EXPECT_EQ(ShakeAnd("Origin: https://SERVER.example.com").status, 101);
  EXPECT_EQ(ShakeAnd("Origin: https://server.example.com:443").status, 101);
  EXPECT_EQ(ShakeAnd("Origin: http://server.example.com:80").status, 101);
  EXPECT_EQ(ShakeAnd("Origin: https://server.example.com:80").status, 403);
  EXPECT_EQ(ShakeAnd("Origin: https://server.example.com/").status, 403);
  EXPECT_EQ(ShakeAnd("Origin: https://server.example.com:8443").status, 403);
  EXPECT_EQ(ShakeAnd("Origin: https://evil.example").status, 403);
  EXPECT_EQ(ShakeAnd("Origin: null").status, 403);
  EXPECT_EQ(ShakeAnd("Origin: ").status, 403);
}

TEST(Handshake, TakesTheOriginsOfItsList) {
  const HandshakeRules rules = {.origins = {"https://a.example", "null"}};
  EXPECT_EQ(ShakeAnd("Origin: https://a.example", rules).status, 101);
  EXPECT_EQ(ShakeAnd("Origin: HTTPS://A.example:443", rules).status, 101);
  EXPECT_EQ(ShakeAnd("Origin: null", rules).status, 101);
  EXPECT_EQ(ShakeAnd("Origin: http://a.example", rules).status, 403);
  EXPECT_EQ(ShakeAnd("Origin: https://a.example.evil", rules).status, 403);
  EXPECT_EQ(ShakeAnd("Origin: https://server.example.com", rules).status, 403);
  EXPECT_EQ(ShakeAnd("Origin: https://a.example\r\nOrigin: https://a.example", rules).status, 400);
  EXPECT_EQ(ShakeAnd("Origin: https://any.example", {.origins = {"*"}}).status, 101);
  EXPECT_EQ(ShakeWith(kFields, rules).status, 101);
}

TEST(Handshake, AgreesOnTheClientsFirstProtocolThatItSpeaks) {
  const HandshakeRules rules = {.protocols = {"b", "c"}};
  const Handshake agreed =
      ShakeAnd("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: c, b", rules);
  EXPECT_EQ(agreed.protocol, "c");
  EXPECT_EQ(agreed.fields[1],
            std::make_pair(std::string("Sec-WebSocket-Protocol"), std::string("c")));
  EXPECT_EQ(ShakeAnd("Sec-WebSocket-Protocol: a", rules).protocol, "");
  EXPECT_EQ(ShakeAnd("Sec-WebSocket-Protocol: a", rules).status, 101);
  EXPECT_EQ(ShakeAnd("Sec-WebSocket-Protocol: a b", rules).status, 400);
}

TEST(Handshake, AgreesOnCompressionWithoutContextEitherWay) {
  const Handshake agreed =
      ShakeAnd("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits");
  EXPECT_EQ(ExtensionsOf(agreed), kAgreed);
  EXPECT_EQ(agreed.deflate.window_bits, 15);
  EXPECT_EQ(AgreedFor("permessage-deflate"), kAgreed);
  EXPECT_EQ(AgreedFor("x-other, permessage-deflate;server_no_context_takeover"), kAgreed);
  EXPECT_EQ(AgreedFor("permessage-deflate; client_max_window_bits=\"10\""), kAgreed);
  EXPECT_EQ(AgreedFor("permessage-deflate; server_max_window_bits=10"),
            absl::StrCat(kAgreed, "; server_max_window_bits=10"));
  EXPECT_EQ(ExtensionsOf(
                ShakeAnd("Sec-WebSocket-Extensions: permessage-deflate", {.has_deflate = false})),
            "");
}

TEST(Handshake, DeclinesOffersThatItCannotTakeAndTakesTheNext) {
  for (const char* offer :
       {"permessage-deflate; unknown", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=08",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "x-webkit-deflate-frame"}) {
    EXPECT_EQ(AgreedFor(offer), "") << offer;
    EXPECT_EQ(AgreedFor(absl::StrCat(offer, ", permessage-deflate")), kAgreed) << offer;
  }
}

TEST(Handshake, RefusesExtensionsBeyondTheGrammar) {
  for (const char* offer : {"permessage-deflate;", "permessage-deflate; a=", ",", " , ,", "a b",
                            "a; b=\"", "a; b=\"\"", "a; b=\"c d\"", "a; =b", "a; b=\"c\"d", ""}) {
    EXPECT_EQ(ShakeAnd(absl::StrCat("Sec-WebSocket-Extensions: ", offer)).status, 400) << offer;
  }
  EXPECT_EQ(ShakeAnd("Sec-WebSocket-Extensions: a; b=\"\\c\" ; d , e").status, 101);
}

TEST(Handshake, PassesOverEmptyElementsOfExtensions) {
  for (const char* offers : {"a,,permessage-deflate", ", permessage-deflate",
                             "permessage-deflate ,", "permessage-deflate, , ,"}) {
    EXPECT_EQ(AgreedFor(offers), kAgreed) << offers;
  }
}

TEST(Handshake, HasNoRulesThatNobodyCouldMeet) {
  EXPECT_TRUE(CheckRules({.protocols = {"a"},
                          .origins = {"*", "null", "https://a.example", "http://[::1]:8080"}})
                  .ok());
  for (const char* origin : {"", "a.example", "https://a.example/", "https://*.example", "NULL"}) {
    EXPECT_THAT(std::string(CheckRules({.origins = {"null", origin}}).message()),
                HasSubstr(absl::StrCat("rules.origins: \"", origin, "\" is none")));
  }
  EXPECT_EQ(CheckRules({.protocols = {"a b"}}).message(),
            "rules.protocols: \"a b\" is not a token");
}

TEST(Handshake, TellsTheClientWhatIsWrong) {
  EXPECT_THAT(ShakeAnd("Origin: https://evil.example").error, HasSubstr("origin"));
  EXPECT_THAT(ShakeWith(kFields).error, IsEmpty());
}

}  // namespace
}  // namespace muster::worker::websocket
