#ifndef MUSTER_CTL_TABLE_H_
#define MUSTER_CTL_TABLE_H_

#include <string>
#include <vector>

namespace muster::ctl {

// Text in columns that are as wide as their widest cell, two spaces apart. Pure.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns);

  // One cell for each column. A cell is shown on one line and cannot command a terminal.
  void AddRow(std::vector<std::string> cells);

  // The titles and the rows, a line each, without spaces at their ends.
  std::string Render() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TABLE_H_
