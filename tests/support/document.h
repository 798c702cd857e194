#ifndef MUSTER_TESTS_SUPPORT_DOCUMENT_H_
#define MUSTER_TESTS_SUPPORT_DOCUMENT_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::tests {

// A fenced block of a Markdown document.
struct DocumentBlock {
  std::string path;
  int line = 0;          // of its fence, from 1
  std::string language;  // "console"
  std::string text;
  // The comment directly above it, <!-- ... -->, which readers do not see. Empty: there is none.
  std::string comment;
  int comment_line = 0;

  // "README.md:12"
  std::string Place() const;
  // "not compared: it is a picture", asked for with "not compared", is "it is a picture".
  std::optional<std::string> Reason(absl::string_view exception) const;
};

// For GoogleTest.
void PrintTo(const DocumentBlock& block, std::ostream* out);

// All documents (*.md) below the folder in which a Bazel test runs, in the order of their paths.
std::vector<std::string> Documents();

// The blocks of a document. Error: a block has no language, or is not closed, or a text is indented
// like a block, which has no place for a language.
absl::StatusOr<std::vector<DocumentBlock>> ReadBlocks(const std::string& path);

// The blocks of all Documents(). Ends the test at an error.
std::vector<DocumentBlock> ReadAllBlocks();

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_DOCUMENT_H_
