// The C++ and the schemas in the documents: each block is a piece of a source that is compiled and
// tested, word for word. A piece stands between a line with its name in brackets and one with
// [end].

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/document.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

bool BeginsPiece(absl::string_view line) {
  return absl::StartsWith(line, "// [") && absl::EndsWith(line, "]") && line != "// [end]";
}

// Without the indentation that all lines have.
std::string Dedent(const std::vector<std::string>& lines) {
  std::size_t indentation = std::string::npos;
  for (const std::string& line : lines) {
    indentation = std::min(indentation, line.find_first_not_of(' '));
  }
  std::string text;
  for (const std::string& line : lines) {
    absl::StrAppend(&text, line.empty() ? "" : line.substr(indentation), "\n");
  }
  return text;
}

void AddPieces(const std::string& path, std::set<std::string>* pieces) {
  std::vector<std::string> piece;
  bool is_within = false;
  const std::string source = ReadFile(path);
  for (const absl::string_view line : absl::StrSplit(source, '\n')) {
    const absl::string_view text = absl::StripLeadingAsciiWhitespace(line);
    if (is_within && text == "// [end]") {
      pieces->insert(Dedent(std::exchange(piece, {})));
      is_within = false;
    } else if (is_within) {
      piece.emplace_back(line);
    } else {
      is_within = BeginsPiece(text);
    }
  }
}

// Of all sources that this test is given.
std::set<std::string> Pieces() {
  std::set<std::string> pieces;
  for (const auto& entry : fs::recursive_directory_iterator(".")) {
    const std::string extension = entry.path().extension();
    if (extension == ".cc" || extension == ".h" || extension == ".proto") {
      AddPieces(entry.path(), &pieces);
    }
  }
  return pieces;
}

bool IsSource(const DocumentBlock& block) {
  return block.language == "cpp" || block.language == "proto";
}

TEST(QuotedCode, IsAPieceOfASource) {
  const std::set<std::string> pieces = Pieces();
  EXPECT_GT(pieces.size(), 20u);
  std::vector<std::string> places;
  for (const DocumentBlock& block : ReadAllBlocks()) {
    if (!IsSource(block) || pieces.count(block.text) > 0) continue;
    if (block.Reason("not compiled").value_or("").empty()) places.push_back(block.Place());
  }
  EXPECT_THAT(places, IsEmpty()) << "a block is in a source between // [its name] and // [end], or "
                                    "has <!-- not compiled: REASON --> above it";
}

TEST(QuotedCode, IsEachMarkedPieceOfTheSources) {
  std::set<std::string> pieces = Pieces();
  for (const DocumentBlock& block : ReadAllBlocks()) pieces.erase(block.text);
  EXPECT_THAT(pieces, IsEmpty());
}

}  // namespace
}  // namespace muster::tests
