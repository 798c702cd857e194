#include "muster/config/syntax/line_index.h"

#include <algorithm>

namespace muster::config {

LineIndex::LineIndex(absl::string_view text) : text_(text) {
  line_begins_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_begins_.push_back(i + 1);
  }
}

Place LineIndex::PlaceOf(std::size_t offset) const {
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const std::size_t line = after - line_begins_.begin();
  return {static_cast<int>(line), static_cast<int>(offset - line_begins_[line - 1]) + 1};
}

std::size_t LineIndex::OffsetOf(int line, int column) const {
  return Cursor(*this).AdvanceTo(line, column);
}

std::size_t LineIndex::Cursor::AdvanceTo(int line, int column) {
  const std::string& text = index_.text_;
  const std::vector<std::size_t>& line_begins = index_.line_begins_;
  if (line < 0 || static_cast<std::size_t>(line) >= line_begins.size()) return text.size();
  if (line != line_) {
    line_ = line;
    column_ = 0;
    offset_ = line_begins[line];
  }
  while (column_ < column && offset_ < text.size() && text[offset_] != '\n') {
    column_ += text[offset_] == '\t' ? 8 - column_ % 8 : 1;
    ++offset_;
  }
  return offset_;
}

}  // namespace muster::config
