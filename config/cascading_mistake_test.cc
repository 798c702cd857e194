#include "muster/config/cascading_mistake.h"

#include <string>

#include "gtest/gtest.h"
#include "muster/config/syntax/config_format.h"

namespace muster::config {
namespace {

// Whether "FIELD: is missing" follows from what is wrong in a text of text format.
class CascadingMistakeTest : public testing::Test {
 protected:
  // The text without its mistakes, ...
  void Parsed(const std::string& text) { parsed_.text = text; }
  // ... and a field of the block that begins with that, which was given wrong.
  void Spoilt(const std::string& block, const std::string& field) {
    const std::size_t offset = block.empty() ? 0 : parsed_.text.find(block);
    parsed_.spoilt.insert({offset, field});
  }
  bool IsMissingCascading(const std::string& field) const {
    return IsCascading({field, "is missing"}, SyntaxTree(parsed_.text, ConfigFormat::kText),
                       parsed_);
  }

  ParsedConfig parsed_;
};

TEST_F(CascadingMistakeTest, FollowsWhenTheFieldWasGivenWrong) {
  Parsed("listen {               }");
  Spoilt("{ ", "address");
  EXPECT_TRUE(IsMissingCascading("listen[0].address"));
}

TEST_F(CascadingMistakeTest, DoesNotFollowWhenAnotherFieldWasGivenWrong) {
  Parsed("listen {               }");
  Spoilt("{ ", "backlog");
  EXPECT_FALSE(IsMissingCascading("listen[0].address"));
}

TEST_F(CascadingMistakeTest, DoesNotFollowWhenItWasGivenWrongInAnotherBlock) {
  Parsed("listen {  } listen {   }");
  Spoilt("{  ", "address");
  EXPECT_TRUE(IsMissingCascading("listen[0].address"));
  EXPECT_FALSE(IsMissingCascading("listen[1].address"));
}

TEST_F(CascadingMistakeTest, FollowsWhenTheRepeatedFieldWasGivenWrong) {
  Parsed("                 accept: MUTEX");
  Spoilt("", "listen");
  EXPECT_TRUE(IsMissingCascading("listen"));
  EXPECT_TRUE(IsMissingCascading("listen[0]"));
}

TEST_F(CascadingMistakeTest, FollowsWhenOneOfTheFieldsWasGivenWrongOfWhichTheMessageNeedsOne) {
  Parsed("http { location {             } }");
  Spoilt("{     ", "root");
  EXPECT_TRUE(IsMissingCascading("http.location[0]"));
}

TEST_F(CascadingMistakeTest, FollowsWhenWhatAStatusPageReadsWasGivenWrong) {
  Parsed("http { location { status_page {    } } }");
  Spoilt("{    }", "json");
  EXPECT_TRUE(IsMissingCascading("http.location[0].status_page"));
}

TEST_F(CascadingMistakeTest, DoesNotFollowWhenAFieldWasGivenWrongThatIsNotOneOfThem) {
  Parsed("http { location {             } }");
  Spoilt("{     ", "path");
  EXPECT_FALSE(IsMissingCascading("http.location[0]"));
}

}  // namespace
}  // namespace muster::config
