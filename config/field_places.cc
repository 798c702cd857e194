#include "muster/config/field_places.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/config/config_mistake.h"
#include "muster/config/syntax/syntax_tree.h"
#include "muster/log/printable.h"
#include "muster/proto/field_error.h"

namespace muster::config {
namespace {

// Whether the statement itself is there, and not only what would be around it.
bool HasStatement(const SyntaxTree& tree, absl::string_view field) {
  const SyntaxValue* block = tree.BlockOf(field);
  if (block == nullptr) return false;
  absl::string_view name = field.substr(field.rfind('.') + 1);  // npos + 1 is 0
  name = name.substr(0, name.find('['));
  return std::any_of(block->statements.begin(), block->statements.end(),
                     [name](const SyntaxStatement& statement) { return statement.name == name; });
}

}  // namespace

FieldPlaces::FieldPlaces(std::string file, std::string text, ConfigFormat format)
    : file_(std::move(file)), text_(std::move(text)), format_(format) {}

std::optional<Place> FieldPlaces::Find(absl::string_view field) const {
  const SyntaxTree tree(text_, format_);
  if (file_.empty() || !HasStatement(tree, field)) return std::nullopt;
  return tree.PlaceOf(tree.Locate(field));
}

std::string FieldPlaces::Describe(absl::string_view field) const {
  if (file_.empty()) return std::string(field);
  const std::optional<Place> place = Find(field);
  if (!place.has_value()) return absl::StrCat(file_, ": ", field);
  return absl::StrCat(file_, ":", place->line, ":", place->column, ": ", field);
}

absl::Status FieldPlaces::Explain(const absl::Status& status) const {
  const std::string field = FieldOf(status);
  if (field.empty()) return status;
  absl::string_view problem = status.message();
  // Workers name the field in their message as well.
  const absl::string_view between = absl::ConsumePrefix(&problem, field) ? "" : ": ";
  const absl::Status explained(status.code(), absl::StrCat(Describe(field), between, problem));
  absl::ConsumePrefix(&problem, ": ");
  const std::optional<Place> place = Find(field);
  return WithMistakes(explained, {{field, place ? place->line : 0, place ? place->column : 0,
                                   log::Printable(problem)}});
}

}  // namespace muster::config
