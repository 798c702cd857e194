#include "muster/config/field_check.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/cli/spelling.h"
#include "muster/config/value_check.h"

namespace muster::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.emplace_back(type.field(i)->name());
  return names;
}

class Checker {
 public:
  Checker(const SyntaxTree& tree, const Descriptor* any_type,
          std::vector<MisplacedStatement>* found)
      : tree_(tree), any_type_(any_type), found_(*found) {}

  void CheckBlock(const SyntaxValue& block, const Descriptor& type, const std::string& prefix) {
    std::map<std::string, const SyntaxStatement*> seen;
    std::map<const OneofDescriptor*, const SyntaxStatement*> chosen;
    std::map<std::string, int> counts;
    for (const SyntaxStatement& statement : block.statements) {
      if (statement.name.empty() || statement.name[0] == '[' || statement.name == "@type") continue;
      const FieldDescriptor* field = type.FindFieldByName(statement.name);
      if (field == nullptr) {
        Unknown(statement, type, prefix);
        continue;
      }
      if (!field->is_repeated()) {
        if (const auto before = seen.find(statement.name); before != seen.end()) {
          Misplaced(
              statement, prefix, "",
              absl::StrCat("is given twice; it is in line ", LineOf(*before->second), ", too"));
          continue;
        }
        seen[statement.name] = &statement;
      }
      if (const OneofDescriptor* oneof = field->real_containing_oneof()) {
        if (const auto before = chosen.find(oneof); before != chosen.end()) {
          Misplaced(statement, prefix, "",
                    absl::StrCat("and ", before->second->name, " in line ", LineOf(*before->second),
                                 " exclude each other; keep one"));
          continue;
        }
        chosen[oneof] = &statement;
      }
      CheckValues(statement, *field, prefix, &counts[statement.name]);
    }
  }

 private:
  void CheckValues(const SyntaxStatement& statement, const FieldDescriptor& field,
                   const std::string& prefix, int* count) {
    const Descriptor* type = field.message_type();
    const std::string field_path = prefix + statement.name;
    if (const std::string why = WhyNotList(statement, field, tree_.format()); !why.empty()) {
      WrongValue(statement, statement.begin, field_path, why);
      return;
    }
    // Its keys are anybody's.
    if (field.is_map() && tree_.format() == ConfigFormat::kJson) return;
    for (const SyntaxValue& value : statement.values) {
      const std::string number = field.is_repeated() ? absl::StrCat("[", (*count)++, "]") : "";
      const std::string path = field_path + number;
      if (const std::string why = WhyNotValue(value, field, tree_.format()); !why.empty()) {
        WrongValue(statement, value.offset, path, why);
        return;
      }
      if (!value.is_block || type == nullptr) continue;
      const std::string inner = path + ".";
      if (type->full_name() != "google.protobuf.Any") {
        CheckBlock(value, *type, inner);
      } else if (const AnyContent any = ContentOfAny(value);
                 any.block != nullptr && any_type_ != nullptr) {
        CheckBlock(*any.block, *any_type_, inner);
      }
    }
  }

  void Unknown(const SyntaxStatement& statement, const Descriptor& type,
               const std::string& prefix) {
    const std::vector<std::string> names = FieldNames(type);
    const std::string meant = cli::LikelyMeant(statement.name, names);
    std::string hint;
    if (!meant.empty()) {
      hint = absl::StrCat("did you mean \"", meant, "\"?");
    } else if (names.empty()) {
      hint = "nothing can stand here";
    } else {
      hint = "possible here: ";
      for (const std::string& name : names) {
        absl::StrAppend(&hint, name, &name == &names.back() ? "" : ", ");
      }
    }
    Misplaced(statement, prefix, meant, absl::StrCat("is unknown; ", hint));
  }

  // It is as if the statement were not there, but nobody is told that its field is missing.
  void WrongValue(const SyntaxStatement& statement, std::size_t offset, std::string path,
                  std::string why) {
    found_.push_back({statement.begin, statement.end,
                      TextMistake{offset, std::move(path), std::move(why)}, statement.name});
  }

  void Misplaced(const SyntaxStatement& statement, const std::string& prefix, std::string meant,
                 std::string problem) {
    found_.push_back({statement.begin, statement.end,
                      TextMistake{statement.begin, prefix + statement.name, std::move(problem)},
                      std::move(meant)});
  }

  int LineOf(const SyntaxStatement& statement) const { return tree_.PlaceOf(statement.begin).line; }

  const SyntaxTree& tree_;
  const Descriptor* const any_type_;
  std::vector<MisplacedStatement>& found_;
};

}  // namespace

std::vector<MisplacedStatement> CheckFields(const SyntaxTree& tree, const Descriptor* type,
                                            const Descriptor* any_type) {
  std::vector<MisplacedStatement> found;
  Checker(tree, any_type, &found).CheckBlock(tree.root(), *type, "");
  return found;
}

}  // namespace muster::config
