#include "muster/config/language_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

// "offset: problem"; empty: none.
std::string LanguageOf(const std::string& text) {
  const auto mistake = CheckLanguage(text);
  return mistake.has_value() ? absl::StrCat(mistake->offset, ": ", mistake->problem) : "";
}

TEST(LanguageCheck, IsTheRightOne) {
  for (const char* text :
       {"listen { address: \"a = b\" }\nworker_processes: 2;\n", "a:\n  MUTEX\nb: - 5\n",
        "a:\n  {\n    b: 5\n  }\n", "[x.y] {\n  a: 5\n}\n", "a {\n  b: 5;\n};\n",
        "index: [\n  'a',\n  'b'\n]\n", "# a = b\n# - c\n", "a: -inf\n"}) {
    EXPECT_THAT(LanguageOf(text), IsEmpty()) << text;
  }
}

TEST(LanguageCheck, IsYaml) {
  EXPECT_THAT(LanguageOf("a: 5\nlisten:\n  - address: x\n"), StartsWith("5: is YAML, "));
  EXPECT_THAT(LanguageOf("---\na: 5\n"), StartsWith("0: is YAML, "));
  EXPECT_THAT(LanguageOf("http:\n  location: 5\n"), StartsWith("0: is YAML, "));
  EXPECT_THAT(LanguageOf("a: 5\n- b\n"), StartsWith("5: is YAML, "));
}

TEST(LanguageCheck, IsToml) {
  EXPECT_THAT(LanguageOf("a: 5\nb = 5\n"), StartsWith("5: is TOML or the like, "));
  EXPECT_THAT(LanguageOf("[[listen]]\naddress: 'x'\n"), StartsWith("0: is TOML or the like, "));
  EXPECT_THAT(LanguageOf("[http]\nroot = \"x\"\n"), StartsWith("0: is TOML or the like, "));
}

TEST(LanguageCheck, IsNginxs) {
  EXPECT_EQ(LanguageOf("worker_processes  2;\n"),
            "0: is nginx's language, but a configuration is protobuf's text format; "
            "write listen { address: \"127.0.0.1:8080\" }, worker_processes: 2 and "
            "the like");
  EXPECT_THAT(LanguageOf("http {\n  location / {\n"), StartsWith("9: is nginx's language, "));
}

TEST(LanguageCheck, IsXml) {
  EXPECT_THAT(LanguageOf("<a>"), StartsWith("0: is XML or the like, "));
}

}  // namespace
}  // namespace muster::config
