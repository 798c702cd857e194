#include "muster/worker/websocket/wire/message_deflate.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace muster::worker::websocket {
namespace {

using Outcome = MessageDeflate::Outcome;

class MessageDeflateTest : public ::testing::Test {
 protected:
  Outcome Decompress(absl::string_view compressed, std::size_t most_bytes = 1 << 20) {
    text_.clear();
    return deflate_->Decompress(compressed, most_bytes, text_);
  }

  const std::unique_ptr<MessageDeflate> deflate_ = *MessageDeflate::Create(6);
  std::string text_;
};

TEST_F(MessageDeflateTest, DecompressesTheExamplesOfTheRfc) {
  // RFC 7692, 7.2.3.1: one block, fixed codes.
  EXPECT_EQ(Decompress("\xf2\x48\xcd\xc9\xc9\x07" + std::string(1, '\0')), Outcome::kWhole);
  EXPECT_EQ(text_, "Hello");
  // 7.2.3.3: without compression.
  EXPECT_EQ(Decompress(std::string("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11)),
            Outcome::kWhole);
  EXPECT_EQ(text_, "Hello");
  // 7.2.3.4: a block that says it is the last.
  EXPECT_EQ(Decompress(std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)), Outcome::kWhole);
  EXPECT_EQ(text_, "Hello");
  // 7.2.3.5: two blocks.
  EXPECT_EQ(Decompress(std::string("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13)),
            Outcome::kWhole);
  EXPECT_EQ(text_, "Hello");
  // 7.2.3.6: an empty message.
  EXPECT_EQ(Decompress(std::string(1, '\0')), Outcome::kWhole);
  EXPECT_EQ(text_, "");
}

TEST_F(MessageDeflateTest, GivesBackWhatItCompressedWithEachWindow) {
  std::string message;
  for (int i = 0; i < 20'000; ++i) message += std::to_string(i % 977) + ",";
  for (int bits = 9; bits <= 15; ++bits) {
    for (int again = 0; again < 2; ++again) {
      std::string compressed = "before";
      ASSERT_TRUE(deflate_->Compress(message, bits, compressed));
      EXPECT_LT(compressed.size(), message.size() / 2);
      EXPECT_EQ(Decompress(absl::string_view(compressed).substr(6)), Outcome::kWhole);
      EXPECT_TRUE(text_ == message) << bits;
    }
  }
}

TEST_F(MessageDeflateTest, DoesNotCompressWhatWouldNotGetShorter) {
  std::mt19937 random(1);
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise.push_back(static_cast<char>(random()));
  std::string out = "before";
  EXPECT_FALSE(deflate_->Compress(noise, 15, out));
  EXPECT_EQ(out, "before");
  EXPECT_FALSE(deflate_->Compress(std::string(5000, 'x'), 8, out));
  EXPECT_EQ(out, "before");
  EXPECT_TRUE(deflate_->Compress(std::string(5000, 'x'), 9, out));
}

TEST_F(MessageDeflateTest, StopsAtTheBoundOfABomb) {
  std::string bomb;
  ASSERT_TRUE(deflate_->Compress(std::string(64 << 20, '\0'), 15, bomb));
  EXPECT_LT(bomb.size(), 100'000u);
  EXPECT_EQ(Decompress(bomb, 100'000), Outcome::kTooLong);
  EXPECT_LE(text_.capacity(), 400'000u);
  EXPECT_EQ(Decompress(bomb, (64 << 20) - 1), Outcome::kTooLong);
  EXPECT_EQ(Decompress(bomb, 64 << 20), Outcome::kWhole);
}

// With work for each block that grows with the message, this would not end.
TEST_F(MessageDeflateTest, TakesTimeForTheBytesOfAMessageHoweverManyBlocksTheyAre) {
  std::string last_blocks;
  for (int i = 0; i < 1 << 20; ++i) last_blocks.append("\x03\x00", 2);
  EXPECT_EQ(Decompress(last_blocks, 8 << 20), Outcome::kWhole);
  EXPECT_EQ(text_, "");
}

TEST_F(MessageDeflateTest, SeesThatAMessageIsCutOff) {
  std::string message;
  for (int i = 0; i < 1000; ++i) message += std::to_string(i * i);
  std::string compressed;
  ASSERT_TRUE(deflate_->Compress(message, 15, compressed));
  for (std::size_t cut = 1; cut < compressed.size(); ++cut) {
    const Outcome outcome = Decompress(absl::string_view(compressed).substr(0, cut));
    EXPECT_TRUE(outcome != Outcome::kWhole || text_ != message) << cut;
  }
  EXPECT_EQ(Decompress(absl::string_view(compressed).substr(0, compressed.size() / 2)),
            Outcome::kCorrupt);
}

TEST_F(MessageDeflateTest, RefusesWhatIsNoDeflate) {
  EXPECT_EQ(Decompress("\x07\xff\xff"), Outcome::kCorrupt);  // a block of the third type
  EXPECT_EQ(Decompress("\xff\xff\xff\xff\xff"), Outcome::kCorrupt);
}

TEST_F(MessageDeflateTest, KeepsNothingFromOneMessageForTheNext) {
  std::string first;
  std::string second;
  const std::string message(500, 'm');
  ASSERT_TRUE(deflate_->Compress(message, 15, first));
  ASSERT_TRUE(deflate_->Compress(message, 15, second));
  EXPECT_EQ(first, second);
  EXPECT_EQ(Decompress("\x07"), Outcome::kCorrupt);
  EXPECT_EQ(Decompress(second), Outcome::kWhole);
}

}  // namespace
}  // namespace muster::worker::websocket
