#include "muster/ctl/text/table.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/check.h"

namespace muster::ctl {
namespace {

// Code points: near enough to columns for what stands in these tables.
std::size_t Width(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

std::string OnOneLine(const std::string& cell) {
  return Printable(absl::StrReplaceAll(cell, {{"\n", " "}, {"\t", " "}}));
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<std::string> cells, Colour colour) {
  MUSTER_CHECK(cells.size() == columns_.size(), "a row has a cell for each column");
  for (std::string& cell : cells) cell = OnOneLine(cell);
  rows_.push_back({.cells = std::move(cells), .colour = colour});
}

void Table::AddNote(std::string cell, std::string note) {
  MUSTER_CHECK(columns_.size() > 2, "a note has fewer cells than a row");
  rows_.push_back({.cells = {OnOneLine(cell), OnOneLine(note)}, .colour = Colour::kRed});
}

void Table::AddRows(const std::string& cell, const Table& other) {
  for (const Row& row : other.rows_) {
    std::vector<std::string> cells = row.cells;
    cells.insert(cells.begin(), cell);
    AddRow(std::move(cells), row.colour);
  }
}

std::string Table::Render(bool has_colours) const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::vector<Row> lines = {{.cells = std::move(titles)}};
  lines.insert(lines.end(), rows_.begin(), rows_.end());

  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& [cells, colour] : lines) {
    const std::size_t counted = cells.size() < columns_.size() ? 1 : cells.size();
    for (std::size_t i = 0; i < counted; ++i) {
      widths[i] = std::max(widths[i], Width(cells[i]));
    }
  }

  std::string text;
  for (const auto& [cells, colour] : lines) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t width = Width(cells[i]);
      const std::string padding(widths[i] > width ? widths[i] - width : 0, ' ');
      if (i > 0) line += "  ";
      line += columns_[i].align == Align::kRight ? padding + cells[i] : cells[i] + padding;
    }
    absl::StripTrailingAsciiWhitespace(&line);
    text += (has_colours ? Paint(colour, line) : line) + "\n";
  }
  return text;
}

}  // namespace muster::ctl
