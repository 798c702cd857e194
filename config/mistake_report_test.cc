#include "muster/config/mistake_report.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/config/config_mistake.h"

namespace muster::config {
namespace {

std::string Reported(const std::string& text, const std::vector<TextMistake>& mistakes) {
  return std::string(ReportMistakes("m", LineIndex(text), mistakes).message());
}

TEST(MistakeReport, IsAnInvalidArgument) {
  EXPECT_TRUE(absl::IsInvalidArgument(ReportMistakes("m", LineIndex("a"), {{0, "a", "is wrong"}})));
}

TEST(MistakeReport, HasThePlaceTheFieldAndTheProblem) {
  EXPECT_EQ(Reported("a: 1\nb: 2", {{8, "b", "is 2"}}), "m:2:4: b: is 2");
}

TEST(MistakeReport, HasThemForProgramsToo) {
  const auto mistakes =
      MistakesOf(ReportMistakes("m", LineIndex("a: 1\nb: 2"), {{8, "b", "is \x1b"}}));
  ASSERT_EQ(mistakes.size(), 1u);
  EXPECT_EQ(mistakes[0].field, "b");
  EXPECT_EQ(mistakes[0].line, 2);
  EXPECT_EQ(mistakes[0].column, 4);
  EXPECT_EQ(mistakes[0].problem, "is \\x1b");
}

TEST(MistakeReport, LeavesTheFieldOutIfThereIsNone) {
  EXPECT_EQ(Reported("a", {{0, "", "is empty"}}), "m:1:1: is empty");
}

TEST(MistakeReport, HasTheOrderOfTheText) {
  EXPECT_EQ(Reported("a\nb\nc", {{4, "c", "x"}, {0, "a", "x"}, {2, "b", "x"}}),
            "m:1:1: a: x\nm:2:1: b: x\nm:3:1: c: x");
}

TEST(MistakeReport, KeepsTheOrderOfMistakesAtOnePlace) {
  EXPECT_EQ(Reported("a", {{0, "z", "x"}, {0, "a", "x"}}), "m:1:1: z: x\nm:1:1: a: x");
}

TEST(MistakeReport, MakesControlCharactersPrintable) {
  EXPECT_EQ(Reported("a", {{0, "a\nb", "is \x1b[2J"}}), "m:1:1: a\\x0ab: is \\x1b[2J");
}

TEST(MistakeReport, LeavesUtf8AsItIsAndWritesOtherBytesInHex) {
  EXPECT_EQ(Reported("a", {{0, "", "is \xc3\xa4"}}), "m:1:1: is \xc3\xa4");
  EXPECT_EQ(Reported("a", {{0, "", "is \xe4"}}), "m:1:1: is \\xe4");
}

}  // namespace
}  // namespace muster::config
