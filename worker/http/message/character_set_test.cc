#include "muster/worker/http/message/character_set.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(CharacterSet, HasItsCharactersAndNoOthers) {
  constexpr CharacterSet set = CharacterSet::AlphanumericAnd("-");
  EXPECT_TRUE(set.HasAll("azAZ09-"));
  for (const char c : {'/', ':', '@', '[', '`', '{', ' ', '\0', '\x80', '\xff'}) {
    EXPECT_FALSE(set.Has(c)) << static_cast<int>(c);
  }
}

TEST(CharacterSet, OfAFieldHasNoControlCharacters) {
  EXPECT_TRUE(kFieldText.HasAll("\t !~\x80\xff"));
  for (const char c : {'\0', '\n', '\r', '\x1f', '\x7f'}) {
    EXPECT_FALSE(kFieldText.Has(c)) << static_cast<int>(c);
  }
  EXPECT_FALSE(CharacterSet::FieldTextBut("\"").Has('"'));
}

}  // namespace
}  // namespace muster::worker::http
