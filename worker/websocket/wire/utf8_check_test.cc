#include "muster/worker/websocket/wire/utf8_check.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace muster::worker::websocket {
namespace {

std::string Encoded(std::uint32_t point) {
  const auto low = [point](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xC0 | point >> 6), low(0)};
  if (point < 0x10000) return {static_cast<char>(0xE0 | point >> 12), low(6), low(0)};
  return {static_cast<char>(0xF0 | point >> 18), low(12), low(6), low(0)};
}

TEST(Utf8Check, AcceptsEachCodePointButSurrogates) {
  for (std::uint32_t point = 0; point <= 0x10FFFF + 0x1000; ++point) {
    const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    ASSERT_EQ(IsUtf8(Encoded(point)), !is_surrogate && point <= 0x10FFFF) << std::hex << point;
  }
}

TEST(Utf8Check, IsIncompleteWithinACharacterWhereverItIsCut) {
  const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Check check;
    EXPECT_TRUE(check.Accept(text.substr(0, cut)));
    const bool is_between = cut <= 1 || cut == 3 || cut == 6 || cut == 10;
    EXPECT_EQ(check.is_complete(), is_between) << cut;
    EXPECT_TRUE(check.Accept(text.substr(cut)));
    EXPECT_TRUE(check.is_complete());
  }
}

TEST(Utf8Check, FailsAtTheSecondByteOfWhatCannotEndWell) {
  for (const std::string start : {"\xe0\x9f", "\xed\xa0", "\xf0\x8f", "\xf4\x90"}) {
    Utf8Check check;
    EXPECT_TRUE(check.Accept(start.substr(0, 1)));
    EXPECT_FALSE(check.Accept(start.substr(1)));
  }
}

TEST(Utf8Check, StaysBrokenUntilReset) {
  Utf8Check check;
  EXPECT_FALSE(check.Accept("\xff"));
  EXPECT_FALSE(check.Accept("text"));
  EXPECT_FALSE(check.is_complete());
  check.Reset();
  EXPECT_TRUE(check.Accept("text"));
}

TEST(Utf8Check, FindsABadByteAnywhereInALongText) {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'a');
    text[at] = '\x80';
    EXPECT_FALSE(IsUtf8(text)) << at;
  }
}

}  // namespace
}  // namespace muster::worker::websocket
