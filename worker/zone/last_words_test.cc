#include "muster/worker/zone/last_words.h"

#include <unistd.h>

#include <cstring>
#include <string>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

constexpr ipc::OwnerTag kTag(3, 7);

TEST(LastWords, AreReadAsTheyWereSaid) {
  LastWords words = {};
  EXPECT_FALSE(ReadLastWords(words).has_value());
  SayLastWords(words, kTag, 4711, "x.cc:12: check failed: a < b: it is not");
  const auto shown = ReadLastWords(words);
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->tag, kTag);
  EXPECT_EQ(shown->pid, 4711);
  EXPECT_EQ(shown->text, "x.cc:12: check failed: a < b: it is not");
  EXPECT_GT(shown->time, std::chrono::hours(24 * 365 * 50));
}

TEST(LastWords, AreThoseOfTheLastProcessThatSaidSome) {
  LastWords words = {};
  SayLastWords(words, kTag, 4711, "the first and longer one");
  SayLastWords(words, ipc::OwnerTag(3, 8), 4712, "the next");
  EXPECT_EQ(ReadLastWords(words)->text, "the next");
  EXPECT_EQ(ReadLastWords(words)->pid, 4712);
}

TEST(LastWords, AreCutAndEscaped) {
  LastWords words = {};
  SayLastWords(words, kTag, 1, std::string(1000, 'x'));
  EXPECT_EQ(ReadLastWords(words)->text, std::string(232, 'x') + "...");
  SayLastWords(words, kTag, 1, "two\nlines \x1b[2J\xff");
  EXPECT_EQ(ReadLastWords(words)->text, "two\\x0alines \\x1b[2J\\xff");
  SayLastWords(words, kTag, 1, std::string(1000, '\xff'));
  EXPECT_LE(ReadLastWords(words)->text.size(), 512u);
}

TEST(LastWords, AreNotReadWhileTheyAreBeingWritten) {
  LastWords words = {};
  SayLastWords(words, kTag, 1, "whole");
  words.bytes.store(0);
  EXPECT_FALSE(ReadLastWords(words).has_value());
}

TEST(LastWords, AreBoundedIfTheMemoryIsDamaged) {
  LastWords words;
  std::memset(static_cast<void*>(&words), 0xff, sizeof(words));
  const auto shown = ReadLastWords(words);
  ASSERT_TRUE(shown.has_value());
  EXPECT_GE(shown->pid, 0);
  EXPECT_LE(shown->text.size(), 512u);
}

}  // namespace
}  // namespace muster::worker
