#include "muster/tests/support/document.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "muster/ipc/base/check.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests {
namespace {

constexpr absl::string_view kFence = "```";

// Takes a comment's mark off, and says whether it was there.
bool TakeEnd(absl::string_view* line) {
  *line = absl::StripTrailingAsciiWhitespace(*line);
  return absl::ConsumeSuffix(line, "-->");
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  absl::Status Take(absl::string_view line) {
    ++line_;
    const bool is_after_blank = std::exchange(is_after_blank_, line.empty());
    switch (place_) {
      case Place::kBlock:
        if (line == kFence) {
          blocks_.push_back(std::exchange(block_, {}));
          place_ = Place::kText;
        } else {
          absl::StrAppend(&block_.text, line, "\n");
        }
        return absl::OkStatus();
      case Place::kComment:
        TakeComment(line);
        return absl::OkStatus();
      case Place::kText:
        return TakeText(line, is_after_blank);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<DocumentBlock>> Finish() {
    if (place_ != Place::kText) return Error("a block or a comment is not closed");
    return std::move(blocks_);
  }

 private:
  enum class Place { kText, kComment, kBlock };

  absl::Status TakeText(absl::string_view line, bool is_after_blank) {
    if (absl::ConsumePrefix(&line, kFence)) {
      if (line.empty()) return Error("a block without a language; a picture is ```text");
      block_.path = path_;
      block_.line = line_;
      block_.language = std::string(line);
      place_ = Place::kBlock;
    } else if (absl::ConsumePrefix(&line, "<!--")) {
      block_.comment.clear();
      block_.comment_line = line_;
      place_ = Place::kComment;
      TakeComment(absl::StripLeadingAsciiWhitespace(line));
    } else if (is_after_blank && (absl::StartsWith(line, "    ") || absl::StartsWith(line, "\t"))) {
      return Error("an indented block; put it between ``` and ```, which names a language");
    } else if (!line.empty()) {
      block_ = {};  // what comes next has another comment
    }
    return absl::OkStatus();
  }

  void TakeComment(absl::string_view line) {
    if (TakeEnd(&line)) place_ = Place::kText;
    absl::StrAppend(&block_.comment, absl::StripTrailingAsciiWhitespace(line), "\n");
  }

  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ":", line_, ": ", what));
  }

  const std::string path_;
  int line_ = 0;
  bool is_after_blank_ = true;
  Place place_ = Place::kText;
  DocumentBlock block_;
  std::vector<DocumentBlock> blocks_;
};

}  // namespace

std::string DocumentBlock::Place() const { return absl::StrCat(path, ":", line); }

std::optional<std::string> DocumentBlock::Reason(absl::string_view exception) const {
  absl::string_view reason = comment;
  if (!absl::ConsumePrefix(&reason, exception) || !absl::ConsumePrefix(&reason, ":")) {
    return std::nullopt;
  }
  return std::string(absl::StripAsciiWhitespace(reason));
}

void PrintTo(const DocumentBlock& block, std::ostream* out) { *out << block.Place(); }

std::vector<std::string> Documents() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(".")) {
    if (entry.path().extension() != ".md") continue;
    paths.push_back(entry.path().lexically_normal().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::StatusOr<std::vector<DocumentBlock>> ReadBlocks(const std::string& path) {
  Reader reader(path);
  const std::string text = ReadFile(path);
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    const absl::Status status = reader.Take(line);
    if (!status.ok()) return status;
  }
  return reader.Finish();
}

std::vector<DocumentBlock> ReadAllBlocks() {
  std::vector<DocumentBlock> all;
  for (const std::string& path : Documents()) {
    absl::StatusOr<std::vector<DocumentBlock>> blocks = ReadBlocks(path);
    MUSTER_CHECK(blocks.ok(), blocks.status().ToString().c_str());
    all.insert(all.end(), blocks->begin(), blocks->end());
  }
  return all;
}

}  // namespace muster::tests
