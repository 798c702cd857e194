#ifndef MUSTER_CTL_TEXT_TABLE_H_
#define MUSTER_CTL_TEXT_TABLE_H_

#include <string>
#include <vector>

#include "muster/ctl/text/colour.h"

namespace muster::ctl {

// Text in columns. Each column is as wide as its widest cell. Columns are two spaces apart. Pure.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns);

  // Adds a row with one cell for each column. A cell is shown on one line and cannot command a
  // terminal.
  void AddRow(std::vector<std::string> cells, Colour colour = Colour::kNone);

  // Adds a line of which only `cell` stands in a column, the first one: `note` goes on beyond it.
  void AddNote(std::string cell, std::string note);

  // Adds the rows of `other`, whose columns are those of this one after the first, with `cell`
  // before each of them.
  void AddRows(const std::string& cell, const Table& other);

  const std::vector<Column>& columns() const { return columns_; }

  // Returns the titles and the rows, one line each, without spaces at the end.
  std::string Render(bool has_colours = false) const;

 private:
  std::vector<Column> columns_;
  struct Row {
    std::vector<std::string> cells;  // with fewer than columns: a note
    Colour colour = Colour::kNone;
  };

  std::vector<Row> rows_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_TABLE_H_
