// What the documents quote of the programs' output, and the configurations in them: each block is
// performed with the real programs, as tests/support/document_stage.h says. A block that shows what
// nobody compares has to say why.

#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/clean_environment.h"
#include "muster/tests/support/document.h"
#include "muster/tests/support/document_stage.h"

namespace muster::tests {
namespace {

using ::testing::IsEmpty;

// The blocks that are performed one after the other at the same place.
using QuotedCase = std::vector<DocumentBlock>;

bool BeginsCase(const DocumentBlock& block) { return absl::StartsWith(block.comment, "case\n"); }
bool GoesOn(const DocumentBlock& block) { return absl::StartsWith(block.comment, "same case\n"); }

// Without a word it is a part of a configuration that can be used as it is.
bool IsConfiguration(const DocumentBlock& block) {
  return block.language == "textproto" && block.comment.empty();
}

// Another test compares sources (quoted_code_test). tools/check_docs runs commands, and compares
// what they print.
bool IsComparedElsewhere(const DocumentBlock& block) {
  return block.language == "cpp" || block.language == "proto" || block.language == "sh" ||
         block.comment == "printed above\n";
}

std::vector<QuotedCase> Cases() {
  std::vector<QuotedCase> cases;
  for (const DocumentBlock& block : ReadAllBlocks()) {
    if (BeginsCase(block) || IsConfiguration(block)) cases.push_back({block});
    if (GoesOn(block) && !cases.empty() && cases.back().front().path == block.path) {
      cases.back().push_back(block);
    }
  }
  return cases;
}

// docs/CTL.md:12 → docs_CTL_md_12
std::string NameOf(const QuotedCase& which) {
  std::string name = which.front().Place();
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

class Quoted : public ::testing::TestWithParam<QuotedCase> {};

TEST_P(Quoted, IsWhatIsPrinted) {
  DocumentStage stage;
  for (const DocumentBlock& block : GetParam()) {
    ASSERT_NO_FATAL_FAILURE(stage.Perform(block));
    if (IsSkipped()) return;
  }
  EXPECT_FALSE(stage.has_unused_file()) << "no command of the same case uses the file";
}

INSTANTIATE_TEST_SUITE_P(, Quoted, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return NameOf(info.param); });

TEST(Documents, CompareEachBlockOrSayWhyNot) {
  std::set<std::string> compared;
  for (const QuotedCase& which : Cases()) {
    for (const DocumentBlock& block : which) compared.insert(block.Place());
  }
  std::vector<std::string> places;
  for (const DocumentBlock& block : ReadAllBlocks()) {
    if (compared.count(block.Place()) > 0 || IsComparedElsewhere(block)) continue;
    if (block.Reason("not compared").value_or("").empty()) places.push_back(block.Place());
  }
  EXPECT_THAT(places, IsEmpty())
      << "a block has <!-- case ... --> above it, or <!-- not compared: REASON -->";
}

TEST(Documents, AreMany) { EXPECT_GT(Documents().size(), 15u); }

const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new CleanEnvironment);

}  // namespace
}  // namespace muster::tests
