#include "muster/master/config/syntax_tree.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace muster::master {
namespace {

using google::protobuf::io::Tokenizer;

// Of brackets that do not match; beyond so many nobody reads on.
constexpr std::size_t kMostMistakes = 50;

// What is no token at all the real parser tells. Newer versions of Protobuf call RecordError,
// older ones AddError.
class NoErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) {}
  void RecordError(int, google::protobuf::io::ColumnNumber, absl::string_view) {}
};

// "workerProcesses" → "worker_processes".
std::string SnakeCase(absl::string_view name) {
  std::string result;
  for (char c : name) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) {
      absl::StrAppend(&result, "_", std::string(1, absl::ascii_tolower(c)));
    } else {
      result.push_back(c);
    }
  }
  return result;
}

// Turns the tokenizer's places, of which none is before the one before, into offsets.
class Cursor {
 public:
  Cursor(absl::string_view text, const std::vector<std::size_t>& line_begins)
      : text_(text), line_begins_(line_begins) {}

  std::size_t AdvanceTo(int line, int column) {
    if (line < 0 || static_cast<std::size_t>(line) >= line_begins_.size()) return text_.size();
    if (line != line_) {
      line_ = line;
      column_ = 0;
      offset_ = line_begins_[line];
    }
    while (column_ < column && offset_ < text_.size() && text_[offset_] != '\n') {
      column_ += text_[offset_] == '\t' ? 8 - column_ % 8 : 1;
      ++offset_;
    }
    return offset_;
  }

 private:
  absl::string_view text_;
  const std::vector<std::size_t>& line_begins_;
  int line_ = 0;
  int column_ = 0;
  std::size_t offset_ = 0;
};

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

bool NamesType(const SyntaxStatement& statement) {
  return !statement.name.empty() && statement.name[0] == '[';
}

// The statement and value that `segment` means in `block`; null if it lacks it.
std::pair<const SyntaxStatement*, const SyntaxValue*> Find(const SyntaxValue& block,
                                                           const Segment& segment) {
  if (block.statements.size() == 1 && NamesType(block.statements[0])) {
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

AnyContent ContentOfAny(const SyntaxValue& any) {
  for (const SyntaxStatement& statement : any.statements) {
    if (NamesType(statement)) {
      const std::string& name = statement.name;
      const bool has_block = !statement.values.empty() && statement.values[0].is_block;
      return {name.substr(1, name.size() - (name.back() == ']' ? 2 : 1)), statement.begin,
              has_block ? &statement.values[0] : nullptr, &statement};
    }
    if (statement.name == "@type" && !statement.values.empty()) {
      return {statement.values[0].text, statement.values[0].offset, &any, &statement};
    }
  }
  return {};
}

// ---- Reading ----

// Turns the tokens into statements, by recursion. Stray tokens belong to the statement before.
class SyntaxTree::Reader {
 public:
  Reader(const std::vector<Token>& tokens, Syntax syntax, std::vector<TextMistake>* mistakes,
         std::vector<std::size_t>* names)
      : tokens_(tokens), is_json_(syntax == Syntax::kJson), mistakes_(*mistakes), names_(*names) {}

  SyntaxValue ReadAll() {
    SyntaxValue root;
    root.is_block = true;
    if (is_json_ && current().Is('{')) {
      ReadBlock(&root);
      return root;
    }
    while (!AtEnd()) {
      ReadStatements(&root.statements);
      if (!AtEnd()) {
        Mistake(current(), absl::StrCat("\"", current().text, "\" closes nothing"));
        ++next_;
      }
    }
    return root;
  }

 private:
  const Token& current() const { return tokens_[next_]; }
  bool AtEnd() const { return current().kind == Token::Kind::kEnd; }
  bool AtSeparator() const { return current().Is(',') || current().Is(';'); }
  bool AtName() const {
    // Protobuf reads JSON whose names lack their quotes.
    if (is_json_) return current().kind == Token::Kind::kString || AtBareName();
    return current().kind == Token::Kind::kName || current().Is('[');
  }
  bool AtBareName() const {
    return current().kind == Token::Kind::kName && tokens_[next_ + 1].Is(':');
  }
  bool AtBlock() const { return current().Is('{') || (!is_json_ && current().Is('<')); }
  std::size_t last_end() const { return tokens_[next_ - 1].end; }
  void Mistake(const Token& token, std::string problem) {
    if (mistakes_.size() == kMostMistakes) return;
    mistakes_.push_back({token.begin, "", std::move(problem)});
  }

  // Up to a closing bracket, which stays, or the end.
  void ReadStatements(std::vector<SyntaxStatement>* statements) {
    while (!AtEnd() && !current().IsCloser()) {
      if (AtSeparator()) {
        ++next_;
      } else if (AtName()) {
        statements->push_back(ReadStatement());
      } else if (AtBlock()) {
        SyntaxValue stray;
        ReadBlock(&stray);
        if (!statements->empty()) statements->back().end = last_end();
      } else {
        ++next_;
        if (!statements->empty()) statements->back().end = last_end();
      }
    }
  }

  SyntaxStatement ReadStatement() {
    SyntaxStatement statement;
    statement.begin = current().begin;
    names_.push_back(current().begin);
    ReadName(&statement);
    bool has_colon = false;
    if (current().Is(':')) {
      has_colon = true;
      ++next_;
    }
    if (AtBlock()) {
      statement.values.emplace_back();
      ReadBlock(&statement.values.back());
    } else if (current().Is('[')) {
      statement.is_list = true;
      ReadList(&statement.values);
    } else if (!AtEnd() && !AtSeparator() && !current().IsCloser() && (has_colon || !AtName())) {
      statement.values.push_back(ReadScalar());
    }
    statement.end = last_end();
    return statement;
  }

  void ReadName(SyntaxStatement* statement) {
    if (is_json_) {
      absl::string_view name = current().text;
      if (!AtBareName()) name = name.substr(1, name.size() >= 2 ? name.size() - 2 : 0);
      statement->name = SnakeCase(name);
      ++next_;
    } else if (const Token& opener = current(); opener.Is('[')) {
      while (!AtEnd() && !current().Is(']')) statement->name += tokens_[next_++].text;
      if (AtEnd()) {
        Mistake(opener, "\"[\" is never closed");
      } else {
        statement->name += tokens_[next_++].text;
      }
    } else {
      statement->name = tokens_[next_++].text;
    }
  }

  SyntaxValue ReadScalar() {
    SyntaxValue value;
    value.offset = current().begin;
    while (current().Is('-')) value.word += tokens_[next_++].text;
    if (AtEnd() || AtSeparator() || current().IsCloser()) return value;
    const bool is_string = current().kind == Token::Kind::kString;
    if (is_string && current().text.size() >= 2) {
      value.text = current().text.substr(1, current().text.size() - 2);
    }
    value.word += current().text;
    const bool is_number = current().kind == Token::Kind::kNumber;
    ++next_;
    // Strings that follow each other are one.
    while (is_string && !is_json_ && current().kind == Token::Kind::kString) ++next_;
    // "16M" is not two things to who wrote it.
    if (is_number && current().kind == Token::Kind::kName && current().begin == last_end()) {
      value.word += tokens_[next_++].text;
    }
    return value;
  }

  void ReadBlock(SyntaxValue* value) {
    const Token& opener = current();
    value->offset = opener.begin;
    value->is_block = true;
    ++next_;
    if (++depth_ > kDeepest) {
      Mistake(opener, absl::StrCat("is nested more than ", kDeepest, " blocks deep"));
      next_ = tokens_.size() - 1;
    }
    ReadStatements(&value->statements);
    --depth_;
    Close(opener, opener.Is('{') ? '}' : '>');
  }

  void ReadList(std::vector<SyntaxValue>* values) {
    const Token& opener = current();
    ++next_;
    if (++depth_ > kDeepest) {
      Mistake(opener, absl::StrCat("is nested more than ", kDeepest, " blocks deep"));
      next_ = tokens_.size() - 1;
    }
    while (!AtEnd() && !current().IsCloser()) {
      if (AtSeparator()) {
        ++next_;
      } else if (AtBlock()) {
        values->emplace_back();
        ReadBlock(&values->back());
      } else if (current().Is('[')) {
        SyntaxValue list;
        list.offset = current().begin;
        list.word = "[...]";
        std::vector<SyntaxValue> inner;
        ReadList(&inner);
        values->push_back(std::move(list));
      } else {
        values->push_back(ReadScalar());
      }
    }
    --depth_;
    Close(opener, ']');
  }

  void Close(const Token& opener, char closer) {
    if (current().Is(closer)) {
      ++next_;
    } else if (!mistakes_.empty()) {
      // One bracket that lacks makes others look wrong.
      if (!AtEnd()) ++next_;
    } else if (AtEnd()) {
      Mistake(opener, absl::StrCat("\"", opener.text, "\" is never closed"));
    } else {
      Mistake(current(), absl::StrCat("\"", current().text, "\" does not close \"", opener.text,
                                      "\"; write \"", std::string(1, closer), "\""));
      ++next_;
    }
  }

  const std::vector<Token>& tokens_;
  const bool is_json_;
  std::vector<TextMistake>& mistakes_;
  std::vector<std::size_t>& names_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

SyntaxTree::SyntaxTree(absl::string_view text, Syntax syntax) : text_(text), syntax_(syntax) {
  line_begins_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_begins_.push_back(i + 1);
  }
  Tokenize();
  root_ = Reader(tokens_, syntax_, &brace_mistakes_, &names_).ReadAll();
}

void SyntaxTree::Tokenize() {
  google::protobuf::io::ArrayInputStream stream(text_.data(), static_cast<int>(text_.size()));
  NoErrors errors;
  Tokenizer tokenizer(&stream, &errors);
  // As Protobuf's own parser of the text format has it.
  tokenizer.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  tokenizer.set_allow_f_after_float(true);
  tokenizer.set_require_space_after_number(false);
  Cursor cursor(text_, line_begins_);
  while (tokenizer.Next()) {
    const Tokenizer::Token& raw = tokenizer.current();
    Token token;
    switch (raw.type) {
      case Tokenizer::TYPE_IDENTIFIER:
        token.kind = Token::Kind::kName;
        break;
      case Tokenizer::TYPE_INTEGER:
      case Tokenizer::TYPE_FLOAT:
        token.kind = Token::Kind::kNumber;
        break;
      case Tokenizer::TYPE_STRING:
        token.kind = Token::Kind::kString;
        break;
      case Tokenizer::TYPE_SYMBOL:
        token.kind = Token::Kind::kSymbol;
        break;
      default:
        continue;
    }
    token.text = raw.text;
    token.begin = cursor.AdvanceTo(raw.line, raw.column);
    token.end = token.begin + token.text.size();
    tokens_.push_back(std::move(token));
  }
  Token end;
  end.begin = end.end = text_.size();
  tokens_.push_back(std::move(end));
}

// ---- Places ----

Place SyntaxTree::PlaceOf(std::size_t offset) const {
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const std::size_t line = after - line_begins_.begin();
  return {static_cast<int>(line), static_cast<int>(offset - line_begins_[line - 1]) + 1};
}

std::size_t SyntaxTree::OffsetOf(int line, int column) const {
  return Cursor(text_, line_begins_).AdvanceTo(line, column);
}

std::size_t SyntaxTree::CulpritAt(std::size_t offset) const {
  // The last token that begins at or before the place.
  std::size_t i = 0;
  while (i + 1 < tokens_.size() && tokens_[i + 1].begin <= offset) ++i;
  // A statement's name is never wrong to the parser, so the one before was. A bracket that
  // closes, or the end, comes too early for it.
  const auto is_behind = [this](const Token& token) {
    return token.kind == Token::Kind::kEnd || token.IsCloser() || token.Is(',') || token.Is(';') ||
           std::binary_search(names_.begin(), names_.end(), token.begin);
  };
  if (i > 0 && is_behind(tokens_[i])) --i;
  return tokens_[i].begin;
}

// ---- Finding ----

std::size_t SyntaxTree::Locate(absl::string_view path) const {
  std::size_t place = root_.offset;
  const SyntaxValue* block = &root_;
  for (const Segment& segment : Segments(path)) {
    const auto [statement, value] = Find(*block, segment);
    if (value == nullptr) break;
    place = statement->is_list || !value->is_block ? value->offset : statement->begin;
    block = value;
  }
  return place;
}

const SyntaxValue* SyntaxTree::BlockOf(absl::string_view path) const {
  std::vector<Segment> segments = Segments(path);
  if (!segments.empty()) segments.pop_back();
  const SyntaxValue* block = &root_;
  for (const Segment& segment : segments) {
    block = Find(*block, segment).second;
    if (block == nullptr) break;
  }
  if (block != nullptr && block->statements.size() == 1 && NamesType(block->statements[0])) {
    if (const AnyContent any = ContentOfAny(*block); any.block != nullptr) return any.block;
  }
  return block;
}

SyntaxTree::Found SyntaxTree::StatementAt(std::size_t offset,
                                          const google::protobuf::Descriptor* type,
                                          const google::protobuf::Descriptor* any_type) const {
  Found found;
  const SyntaxValue* block = &root_;
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
      type = NamesType(statement) ? any_type : field != nullptr ? field->message_type() : nullptr;
      for (const SyntaxValue& value : statement.values) {
        if (value.offset > offset) break;
        inner = &value;
      }
      if (!NamesType(statement)) {
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

}  // namespace muster::master
