#include "muster/config/syntax/field_lookup.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::config {
namespace {

struct Segment {
  absl::string_view name;
  int index = 0;
};

// Of "http.location[2].path".
std::vector<Segment> Segments(absl::string_view path) {
  std::vector<Segment> segments;
  for (absl::string_view part : absl::StrSplit(path, '.', absl::SkipEmpty())) {
    Segment segment = {part, 0};
    const std::size_t bracket = part.find('[');
    if (bracket != part.npos && bracket != 0 && part.back() == ']') {
      segment.name = part.substr(0, bracket);
      const absl::string_view index = part.substr(bracket + 1, part.size() - bracket - 2);
      if (!absl::SimpleAtoi(index, &segment.index)) segment.index = 0;
    }
    segments.push_back(segment);
  }
  return segments;
}

// The statement and value that `segment` means in `block`; null if it has none.
std::pair<const SyntaxStatement*, const SyntaxValue*> Find(const SyntaxValue& block,
                                                           const Segment& segment) {
  if (block.statements.size() == 1 && block.statements[0].NamesType()) {
    const AnyContent any = ContentOfAny(block);
    if (any.block != nullptr) return Find(*any.block, segment);
  }
  int index = segment.index;
  for (const SyntaxStatement& statement : block.statements) {
    if (statement.name != segment.name) continue;
    for (const SyntaxValue& value : statement.values) {
      if (index-- == 0) return {&statement, &value};
    }
  }
  return {nullptr, nullptr};
}

}  // namespace

std::size_t LocateField(const SyntaxValue& root, absl::string_view path) {
  std::size_t place = root.offset;
  const SyntaxValue* block = &root;
  for (const Segment& segment : Segments(path)) {
    const auto [statement, value] = Find(*block, segment);
    if (value == nullptr) break;
    place = statement->is_list || !value->is_block ? value->offset : statement->begin;
    block = value;
  }
  return place;
}

const SyntaxValue* BlockOfField(const SyntaxValue& root, absl::string_view path) {
  std::vector<Segment> segments = Segments(path);
  if (!segments.empty()) segments.pop_back();
  const SyntaxValue* block = &root;
  for (const Segment& segment : segments) {
    block = Find(*block, segment).second;
    if (block == nullptr) break;
  }
  if (block != nullptr && block->statements.size() == 1 && block->statements[0].NamesType()) {
    if (const AnyContent any = ContentOfAny(*block); any.block != nullptr) return any.block;
  }
  return block;
}

FoundStatement FindStatementAt(const SyntaxValue& root, std::size_t offset,
                               const google::protobuf::Descriptor* type,
                               const google::protobuf::Descriptor* any_type) {
  FoundStatement found;
  const SyntaxValue* block = &root;
  while (block != nullptr) {
    const SyntaxValue* inner = nullptr;
    std::map<std::string, int> counts;  // of the values before, by field
    for (const SyntaxStatement& statement : block->statements) {
      int& index = counts[statement.name];
      if (offset < statement.begin || offset >= statement.end) {
        index += static_cast<int>(statement.values.size());
        continue;
      }
      const auto* field = type != nullptr ? type->FindFieldByName(statement.name) : nullptr;
      type = statement.NamesType() ? any_type : field != nullptr ? field->message_type() : nullptr;
      for (const SyntaxValue& value : statement.values) {
        if (value.offset > offset) break;
        inner = &value;
      }
      if (!statement.NamesType()) {
        absl::StrAppend(&found.path, found.path.empty() ? "" : ".", statement.name);
      }
      if (field != nullptr && field->is_repeated()) {
        if (inner != nullptr) index += static_cast<int>(inner - statement.values.data());
        absl::StrAppend(&found.path, "[", index, "]");
      }
      found.statement = &statement;
      found.block = block;
      break;
    }
    block = inner;
  }
  return found;
}

}  // namespace muster::config
