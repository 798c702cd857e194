#include "muster/config/syntax/syntax_reader.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::config {
namespace {

// Of brackets that do not match. Nobody reads more of them.
constexpr std::size_t kMostMistakes = 50;

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

// Reads by recursion.
class Reader {
 public:
  Reader(const std::vector<SyntaxToken>& tokens, ConfigFormat format)
      : tokens_(tokens), is_json_(format == ConfigFormat::kJson) {}

  SyntaxReading Read() && {
    SyntaxValue& root = reading_.root;
    root.is_block = true;
    if (is_json_ && current().Is('{')) {
      ReadBlock(&root);
      return std::move(reading_);
    }
    while (!AtEnd()) {
      ReadStatements(&root.statements);
      if (!AtEnd()) {
        Mistake(current(), absl::StrCat("\"", current().text, "\" closes nothing"));
        ++next_;
      }
    }
    return std::move(reading_);
  }

 private:
  const SyntaxToken& current() const { return tokens_[next_]; }
  bool AtEnd() const { return current().kind == SyntaxToken::Kind::kEnd; }
  bool AtSeparator() const { return current().Is(',') || current().Is(';'); }
  bool AtName() const {
    // Protobuf reads JSON whose names lack their quotes.
    if (is_json_) return current().kind == SyntaxToken::Kind::kString || AtBareName();
    return current().kind == SyntaxToken::Kind::kName || current().Is('[');
  }
  bool AtBareName() const {
    return current().kind == SyntaxToken::Kind::kName && tokens_[next_ + 1].Is(':');
  }
  bool AtBlock() const { return current().Is('{') || (!is_json_ && current().Is('<')); }
  std::size_t last_end() const { return tokens_[next_ - 1].end; }
  void Mistake(const SyntaxToken& token, std::string problem) {
    if (reading_.brace_mistakes.size() == kMostMistakes) return;
    reading_.brace_mistakes.push_back({token.begin, "", std::move(problem)});
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
    reading_.names.push_back(current().begin);
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
    } else if (const SyntaxToken& opener = current(); opener.Is('[')) {
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
    const bool is_string = current().kind == SyntaxToken::Kind::kString;
    if (is_string && current().text.size() >= 2) {
      value.text = current().text.substr(1, current().text.size() - 2);
    }
    value.word += current().text;
    const bool is_number = current().kind == SyntaxToken::Kind::kNumber;
    ++next_;
    // Strings that follow each other are one.
    while (is_string && !is_json_ && current().kind == SyntaxToken::Kind::kString) ++next_;
    // Whoever wrote "16M" meant one value.
    if (is_number && current().kind == SyntaxToken::Kind::kName && current().begin == last_end()) {
      value.word += tokens_[next_++].text;
    }
    return value;
  }

  void ReadBlock(SyntaxValue* value) {
    const SyntaxToken& opener = current();
    value->offset = opener.begin;
    value->is_block = true;
    ++next_;
    if (++depth_ > kDeepestBlock) {
      Mistake(opener, absl::StrCat("is nested more than ", kDeepestBlock, " blocks deep"));
      next_ = tokens_.size() - 1;
    }
    ReadStatements(&value->statements);
    --depth_;
    Close(opener, opener.Is('{') ? '}' : '>');
  }

  void ReadList(std::vector<SyntaxValue>* values) {
    const SyntaxToken& opener = current();
    ++next_;
    if (++depth_ > kDeepestBlock) {
      Mistake(opener, absl::StrCat("is nested more than ", kDeepestBlock, " blocks deep"));
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

  void Close(const SyntaxToken& opener, char closer) {
    if (current().Is(closer)) {
      ++next_;
    } else if (!reading_.brace_mistakes.empty()) {
      // One missing bracket makes others look wrong.
      if (!AtEnd()) ++next_;
    } else if (AtEnd()) {
      Mistake(opener, absl::StrCat("\"", opener.text, "\" is never closed"));
    } else {
      Mistake(current(), absl::StrCat("\"", current().text, "\" does not close \"", opener.text,
                                      "\"; write \"", std::string(1, closer), "\""));
      ++next_;
    }
  }

  const std::vector<SyntaxToken>& tokens_;
  const bool is_json_;
  SyntaxReading reading_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace

SyntaxReading ReadSyntax(const std::vector<SyntaxToken>& tokens, ConfigFormat format) {
  return Reader(tokens, format).Read();
}

}  // namespace muster::config
