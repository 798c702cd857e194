#include "muster/config/syntax/syntax_token.h"

#include <utility>

#include "absl/strings/string_view.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace muster::config {
namespace {

using google::protobuf::io::Tokenizer;

// Ignores errors. Newer versions of Protobuf call RecordError, older ones AddError.
class NoErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) {}
  void RecordError(int, google::protobuf::io::ColumnNumber, absl::string_view) {}
};

}  // namespace

std::vector<SyntaxToken> Tokenize(const LineIndex& text) {
  google::protobuf::io::ArrayInputStream stream(text.text().data(),
                                                static_cast<int>(text.text().size()));
  NoErrors errors;
  Tokenizer tokenizer(&stream, &errors);
  // As Protobuf's own parser of the text format has it.
  tokenizer.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  tokenizer.set_allow_f_after_float(true);
  tokenizer.set_require_space_after_number(false);
  std::vector<SyntaxToken> tokens;
  LineIndex::Cursor cursor(text);
  while (tokenizer.Next()) {
    const Tokenizer::Token& raw = tokenizer.current();
    SyntaxToken token;
    switch (raw.type) {
      case Tokenizer::TYPE_IDENTIFIER:
        token.kind = SyntaxToken::Kind::kName;
        break;
      case Tokenizer::TYPE_INTEGER:
      case Tokenizer::TYPE_FLOAT:
        token.kind = SyntaxToken::Kind::kNumber;
        break;
      case Tokenizer::TYPE_STRING:
        token.kind = SyntaxToken::Kind::kString;
        break;
      case Tokenizer::TYPE_SYMBOL:
        token.kind = SyntaxToken::Kind::kSymbol;
        break;
      default:
        continue;
    }
    token.text = raw.text;
    token.begin = cursor.AdvanceTo(raw.line, raw.column);
    token.end = token.begin + token.text.size();
    tokens.push_back(std::move(token));
  }
  SyntaxToken end;
  end.begin = end.end = text.text().size();
  tokens.push_back(std::move(end));
  return tokens;
}

}  // namespace muster::config
