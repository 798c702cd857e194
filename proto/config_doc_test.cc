// docs/CONFIGURATION.md has a row for each field, with the default and the bounds of the schema.

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rule.pb.h"

namespace muster::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using ::testing::IsEmpty;

constexpr char kPage[] = "docs/CONFIGURATION.md";

struct Row {
  std::string default_value;
  std::string bounds;

  bool operator==(const Row& other) const {
    return default_value == other.default_value && bounds == other.bounds;
  }
};

std::string Text(const Row& row) {
  return absl::StrCat("default \"", row.default_value, "\", bounds \"", row.bounds, "\"");
}

// "AccessLog" → "access_log", as a field of that type is named.
std::string SnakeCase(absl::string_view name) {
  std::string snake;
  for (const char c : name) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !snake.empty()) snake += '_';
    snake += absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return snake;
}

// By "message.field" in snake case, as the tables have it; a table about one message leaves out the
// message.
std::map<std::string, Row> RowsOfThePage() {
  std::map<std::string, Row> rows;
  std::ifstream page(kPage);
  EXPECT_TRUE(page.is_open()) << kPage;
  std::string message;
  for (std::string line; std::getline(page, line);) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "### ")) message = SnakeCase(rest);
    if (absl::ConsumePrefix(&rest, "## ")) message = "";
    if (message.empty() || !absl::ConsumePrefix(&rest, "| `")) continue;
    const std::vector<std::string> cells = absl::StrSplit(rest, absl::MaxSplits('|', 3));
    const std::string name(absl::StripSuffix(absl::StripTrailingAsciiWhitespace(cells[0]), "`"));
    EXPECT_EQ(cells.size(), 4u) << line;
    if (cells.size() != 4) continue;
    const bool is_new = rows.emplace(absl::StrContains(name, ".") ? name : message + "." + name,
                                     Row{std::string(absl::StripAsciiWhitespace(cells[1])),
                                         std::string(absl::StripAsciiWhitespace(cells[2]))})
                            .second;
    EXPECT_TRUE(is_new) << name << " has two rows";
  }
  return rows;
}

Row RowOf(const FieldDescriptor& field) {
  const v1::FieldRule& rule = field.options().GetExtension(v1::rule);
  std::string bounds = rule.min();
  if (!rule.max().empty()) absl::StrAppend(&bounds, bounds.empty() ? "" : " ", "to ", rule.max());
  return {rule.required() ? "required" : rule.default_value(), bounds};
}

// Of `type` and of all messages of ours that it can have in it.
void AddFields(const Descriptor* type, std::set<const Descriptor*>* seen,
               std::map<std::string, Row>* fields) {
  if (!seen->insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    fields->emplace(
        absl::StrCat(SnakeCase(std::string(type->name())), ".", std::string(field.name())),
        RowOf(field));
    if (field.message_type() != nullptr && field.message_type()->file() == type->file()) {
      AddFields(field.message_type(), seen, fields);
    }
  }
}

TEST(ConfigDoc, HasEachFieldWithItsDefaultAndBounds) {
  const std::map<std::string, Row> rows = RowsOfThePage();
  std::map<std::string, Row> fields;
  std::set<const Descriptor*> seen;
  AddFields(v1::Config::descriptor(), &seen, &fields);

  std::vector<std::string> mistakes;
  for (const auto& [name, row] : fields) {
    const auto found = rows.find(name);
    if (found == rows.end()) {
      mistakes.push_back(absl::StrCat(name, " has no row; it has ", Text(row)));
    } else if (!(found->second == row)) {
      mistakes.push_back(
          absl::StrCat(name, " has ", Text(row), ", but its row ", Text(found->second)));
    }
  }
  for (const auto& [name, row] : rows) {
    if (fields.count(name) == 0) mistakes.push_back(absl::StrCat(name, " is no field"));
  }
  EXPECT_THAT(mistakes, IsEmpty()) << kPage << ":\n" << absl::StrJoin(mistakes, "\n");
}

}  // namespace
}  // namespace muster::config
