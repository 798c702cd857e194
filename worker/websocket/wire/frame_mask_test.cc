#include "muster/worker/websocket/wire/frame_mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace muster::worker::websocket {
namespace {

TEST(FrameMask, UnmasksTheExampleOfTheRfc) {
  FrameMask mask({0x37, 0xfa, 0x21, 0x3d});
  std::string text = "\x7f\x9f\x4d\x51\x58";
  mask.Apply(text.data(), text.size());
  EXPECT_EQ(text, "Hello");
}

TEST(FrameMask, GivesTheSameInPiecesOfAnySize) {
  std::string plain;
  for (int i = 0; i < 61; ++i) plain.push_back(static_cast<char>(i * 7));
  std::string expected = plain;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    expected[i] = static_cast<char>(plain[i] ^ "\x11\x22\x44\x88"[i % 4]);
  }
  for (std::size_t piece = 1; piece <= plain.size(); ++piece) {
    FrameMask mask({0x11, 0x22, 0x44, 0x88});
    std::string text = plain;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      mask.Apply(text.data() + at, std::min(piece, text.size() - at));
    }
    EXPECT_EQ(text, expected) << piece;
  }
}

TEST(FrameMask, GoesOnFromItsKey) {
  FrameMask mask({1, 2, 3, 4});
  char three[3] = {};
  mask.Apply(three, sizeof(three));
  EXPECT_EQ(mask.key(), (std::array<std::uint8_t, 4>{4, 1, 2, 3}));
}

}  // namespace
}  // namespace muster::worker::websocket
