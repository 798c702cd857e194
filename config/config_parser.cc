#include "muster/config/config_parser.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver.h"
#include "google/protobuf/util/type_resolver_util.h"
#include "muster/config/field_check.h"
#include "muster/config/syntax/field_lookup.h"
#include "muster/config/syntax/syntax_reader.h"
#include "muster/config/syntax/syntax_statement.h"
#include "muster/config/syntax/syntax_tree.h"
#include "muster/config/value_check.h"

namespace muster::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Beyond so many nobody reads on.
constexpr int kMostSyntaxMistakes = 50;

// The first error. Newer versions of Protobuf call RecordError, older ones AddError.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) {
    Note(line, column, message);
  }
  void RecordError(int line, google::protobuf::io::ColumnNumber column, absl::string_view message) {
    Note(line, column, message);
  }

  int line = -1;
  int column = -1;
  std::string message;

 private:
  void Note(int at_line, int at_column, absl::string_view text) {
    if (!message.empty()) return;
    line = std::max(0, at_line);
    column = std::max(0, at_column);
    message = std::string(text);
  }
};

// "Expected integer, got: x." → "expected integer, got: x", and what only who knows the parser
// understands in other words.
std::string InOurWords(absl::string_view message) {
  if (absl::StartsWith(message, "Already saw decimal point")) return "is no number";
  if (absl::StartsWith(message, "Parsing terminated before end of input")) {
    return "something follows the configuration";
  }
  std::string text(absl::StripSuffix(message, "."));
  if (!text.empty()) text[0] = absl::ascii_tolower(static_cast<unsigned char>(text[0]));
  return text;
}

const FieldDescriptor* FieldAt(const Descriptor* type, const Descriptor* any_type,
                               absl::string_view path) {
  const FieldDescriptor* field = nullptr;
  for (absl::string_view part : absl::StrSplit(path, '.')) {
    if (type != nullptr && type->full_name() == "google.protobuf.Any") type = any_type;
    if (type == nullptr) return nullptr;
    field = type->FindFieldByName(std::string(part.substr(0, part.find('['))));
    if (field == nullptr) return nullptr;
    type = field->message_type();
  }
  return field;
}

void Blank(std::string* text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end && i < text->size(); ++i) {
    if ((*text)[i] != '\n') (*text)[i] = ' ';
  }
}

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

// Takes a statement out, and one separator with it, so that the others can be read.
void TakeOut(ParsedConfig* parsed, ConfigFormat format, std::size_t begin, std::size_t end) {
  std::string& text = parsed->text;
  Blank(&text, begin, end);
  std::size_t after = end;
  while (after < text.size() && IsBlank(text[after])) ++after;
  if (after < text.size() && (text[after] == ',' || text[after] == ';')) {
    text[after] = ' ';
    return;
  }
  // The last of an object in JSON: the comma is before it.
  if (format != ConfigFormat::kJson) return;
  std::size_t before = begin;
  while (before > 0 && IsBlank(text[before - 1])) --before;
  if (before > 0 && text[before - 1] == ',') text[before - 1] = ' ';
}

// How long the token is that stands where a field's name should; zero: the message is of something
// else.
std::size_t StrayBytes(absl::string_view message) {
  return absl::ConsumePrefix(&message, "Expected identifier, got: ") ? message.size() : 0;
}

TextMistake MistakeOf(const SyntaxTree& tree, const FoundStatement& found, std::size_t offset,
                      const std::string& message, const Descriptor* type,
                      const Descriptor* any_type) {
  TextMistake mistake = {tree.CulpritAt(offset), found.path, InOurWords(message)};
  const FieldDescriptor* field = FieldAt(type, any_type, found.path);
  if (field != nullptr) {
    absl::StrAppend(&mistake.problem, "; ", WhatIsRight(*field, ConfigFormat::kText));
  }
  return mistake;
}

// Unknown, double and exclusive fields and values of the wrong kind; they are taken out of the
// text.
void TakeMisplacedOut(ParsedConfig* parsed, ConfigFormat format, const Descriptor* type,
                      const Descriptor* any_type) {
  const SyntaxTree tree(parsed->text, format);
  for (const MisplacedStatement& misplaced : CheckFields(tree, type, any_type)) {
    parsed->mistakes.push_back(misplaced.mistake);
    if (!misplaced.meant.empty()) {
      const SyntaxValue* block = tree.StatementAt(misplaced.begin, type, any_type).block;
      if (block != nullptr) parsed->spoilt.insert({block->offset, misplaced.meant});
    }
    TakeOut(parsed, format, misplaced.begin, misplaced.end);
  }
}

// The place in `text` that the JSON parser's message means, if it says so in a way that we know.
// Versions differ: "(listen[0].backlog): invalid value", a piece of the text and a last line with a
// caret, as far in as the piece's byte that is meant, or "near 3:14".
std::optional<std::size_t> PlaceInJson(const SyntaxTree& tree, absl::string_view text,
                                       absl::string_view message, std::string* field) {
  const std::vector<absl::string_view> lines = absl::StrSplit(message, '\n');
  if (absl::StartsWith(lines[0], "(") && lines[0].find(')') != absl::string_view::npos) {
    *field = std::string(lines[0].substr(1, lines[0].find(')') - 1));
    return tree.Locate(*field);
  }
  if (lines.size() >= 3 && absl::EndsWith(lines.back(), "^")) {
    const std::size_t begin = lines[0].size() + 1;
    const std::size_t end = message.size() - lines.back().size() - 1;
    const std::size_t snippet = text.find(message.substr(begin, end - begin));
    if (snippet != text.npos) return snippet + lines.back().size() - 1;
  }
  const std::size_t near = message.find("near ");
  if (near != message.npos) {
    const std::vector<absl::string_view> place =
        absl::StrSplit(message.substr(near + 5), absl::ByAnyChar(": "));
    int line = 0;
    int column = 0;
    if (place.size() >= 2 && absl::SimpleAtoi(place[0], &line) &&
        absl::SimpleAtoi(place[1], &column)) {
      return tree.OffsetOf(line - 1, column - 1);
    }
  }
  return std::nullopt;
}

// Finds what is in an Any by the type's name, whatever stands before it.
class AnyFinder : public google::protobuf::TextFormat::Finder {
 public:
  explicit AnyFinder(const google::protobuf::DescriptorPool& pool) : pool_(pool) {}

  const Descriptor* FindAnyType(const Message&, const std::string&,
                                const std::string& name) const override {
    return pool_.FindMessageTypeByName(name);
  }

 private:
  const google::protobuf::DescriptorPool& pool_;
};

// What keeps `text` from being JSON at all; empty: nothing. All fields are unknown to this message.
std::string WhyNotJson(const std::string& text) {
  google::protobuf::Empty nothing;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(text, &nothing, options);
  return std::string(status.message().data(), status.message().size());
}

bool ParseJson(const std::string& text, const AnyTypes& any, Message* message, std::string* why) {
  google::protobuf::util::JsonParseOptions options;
  if (any.pool == nullptr) {
    const auto status = google::protobuf::util::JsonStringToMessage(text, message, options);
    *why = std::string(status.message().data(), status.message().size());
    return status.ok();
  }
  const std::string prefix = "type.googleapis.com";
  const std::unique_ptr<google::protobuf::util::TypeResolver> resolver(
      google::protobuf::util::NewTypeResolverForDescriptorPool(prefix, any.pool));
  std::string bytes;
  const auto status = google::protobuf::util::JsonToBinaryString(
      resolver.get(), absl::StrCat(prefix, "/", std::string(message->GetDescriptor()->full_name())),
      text, &bytes, options);
  *why = std::string(status.message().data(), status.message().size());
  return status.ok() && message->ParseFromString(bytes);
}

TextMistake JsonMistake(const SyntaxTree& tree, absl::string_view text, const std::string& why,
                        const Descriptor* type, const Descriptor* any_type) {
  TextMistake mistake;
  mistake.offset = PlaceInJson(tree, text, why, &mistake.field).value_or(tree.root().offset);
  absl::string_view problem = absl::string_view(why).substr(0, why.find('\n'));
  if (!mistake.field.empty()) {
    problem = absl::StripLeadingAsciiWhitespace(problem.substr(problem.find(')') + 1));
    absl::ConsumePrefix(&problem, ": ");
  }
  mistake.problem = InOurWords(problem);
  if (const FieldDescriptor* field = FieldAt(type, any_type, mistake.field)) {
    absl::StrAppend(&mistake.problem, "; ", WhatIsRight(*field, ConfigFormat::kJson));
  }
  return mistake;
}

ParsedConfig ParseTextConfig(absl::string_view text, Message* message, const AnyTypes& any) {
  ParsedConfig parsed;
  parsed.text = std::string(text);
  const Descriptor* type = message->GetDescriptor();
  {
    const SyntaxTree tree(text, ConfigFormat::kText);
    if (!tree.brace_mistakes().empty()) {
      parsed.mistakes = tree.brace_mistakes();
      return parsed;
    }
  }
  TakeMisplacedOut(&parsed, ConfigFormat::kText, type, any.type);

  std::optional<AnyFinder> finder;
  google::protobuf::TextFormat::Parser parser;
  if (any.pool != nullptr) parser.SetFinder(&finder.emplace(*any.pool));
  parser.SetRecursionLimit(kDeepestBlock);
  for (int i = 0; i < kMostSyntaxMistakes; ++i) {
    FirstError error;
    parser.RecordErrorsTo(&error);
    message->Clear();
    const bool is_parsed = parser.ParseFromString(parsed.text, message);
    parser.RecordErrorsTo(nullptr);
    if (is_parsed) {
      parsed.is_whole = true;
      return parsed;
    }
    const SyntaxTree tree(parsed.text, ConfigFormat::kText);
    const std::size_t offset = tree.OffsetOf(error.line, error.column);
    if (const std::size_t bytes = StrayBytes(error.message); bytes > 0) {
      parsed.mistakes.push_back(
          {offset, "",
           absl::StrCat("\"", absl::string_view(parsed.text).substr(offset, bytes),
                        "\" is out of place; a field's name is expected here")});
      Blank(&parsed.text, offset, offset + bytes);
      continue;
    }
    const FoundStatement found = tree.StatementAt(tree.CulpritAt(offset), type, any.type);
    parsed.mistakes.push_back(MistakeOf(tree, found, offset, error.message, type, any.type));
    if (found.statement == nullptr) return parsed;
    parsed.spoilt.insert({found.block->offset, found.statement->name});
    TakeOut(&parsed, ConfigFormat::kText, found.statement->begin, found.statement->end);
  }
  return parsed;
}

ParsedConfig ParseJsonConfig(absl::string_view text, Message* message, const AnyTypes& any) {
  ParsedConfig parsed;
  parsed.text = std::string(text);
  const Descriptor* type = message->GetDescriptor();
  const SyntaxTree tree(text, ConfigFormat::kJson);
  if (!tree.brace_mistakes().empty()) {
    parsed.mistakes = tree.brace_mistakes();
    return parsed;
  }
  if (const std::string why = WhyNotJson(parsed.text); !why.empty()) {
    parsed.mistakes.push_back(JsonMistake(tree, text, why, type, any.type));
    return parsed;
  }
  TakeMisplacedOut(&parsed, ConfigFormat::kJson, type, any.type);
  std::string why;
  parsed.is_whole = ParseJson(parsed.text, any, message, &why);
  if (!parsed.is_whole) {
    parsed.mistakes.push_back(JsonMistake(tree, parsed.text, why, type, any.type));
  }
  return parsed;
}

}  // namespace

ParsedConfig ParseConfig(absl::string_view text, ConfigFormat format, Message* message,
                         const AnyTypes& any) {
  return format == ConfigFormat::kJson ? ParseJsonConfig(text, message, any)
                                       : ParseTextConfig(text, message, any);
}

}  // namespace muster::config
