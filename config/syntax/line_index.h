#ifndef MUSTER_CONFIG_SYNTAX_LINE_INDEX_H_
#define MUSTER_CONFIG_SYNTAX_LINE_INDEX_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::config {

// Where something is in a text. Both count from 1; columns count bytes.
struct Place {
  int line = 1;
  int column = 1;
};

// A text, and where its lines begin: turns offsets into places and back. Immutable.
class LineIndex {
 public:
  explicit LineIndex(absl::string_view text);

  absl::string_view text() const { return text_; }

  Place PlaceOf(std::size_t offset) const;
  // Of a place as Protobuf counts it: line and column from 0, and a tab ends at the next multiple
  // of eight. The end of the text or of the line for a place behind it.
  std::size_t OffsetOf(int line, int column) const;

  // Does the same for places of which none is before the one before, and reads the text once.
  class Cursor {
   public:
    // `index` outlives it.
    explicit Cursor(const LineIndex& index) : index_(index) {}
    std::size_t AdvanceTo(int line, int column);

   private:
    const LineIndex& index_;
    int line_ = 0;
    int column_ = 0;
    std::size_t offset_ = 0;
  };

 private:
  std::string text_;
  std::vector<std::size_t> line_begins_;
};

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_LINE_INDEX_H_
