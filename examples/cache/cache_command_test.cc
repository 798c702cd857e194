#include "muster/examples/cache/cache_command.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::examples {
namespace {

using ::testing::ElementsAre;
using Verb = CacheCommand::Verb;

CacheCommand Parsed(absl::string_view line) {
  const auto command = ParseCommand(line);
  EXPECT_TRUE(command.ok()) << line << ": " << command.status();
  return command.value_or(CacheCommand());
}

TEST(ParseCommand, ReadsEachVerb) {
  EXPECT_THAT(Parsed("get a bc  d").keys, ElementsAre("a", "bc", "d"));
  EXPECT_TRUE(Parsed("gets a").tells_unique);
  EXPECT_EQ(Parsed("gat 10 a b").time, 10);
  EXPECT_THAT(Parsed("gats 10 a b").keys, ElementsAre("a", "b"));
  const CacheCommand set = Parsed("set a 4294967295 -1 5 noreply");
  EXPECT_EQ(set.verb, Verb::kWrite);
  EXPECT_EQ(set.flags, 4294967295u);
  EXPECT_EQ(set.time, -1);
  EXPECT_EQ(set.bytes, 5u);
  EXPECT_FALSE(set.wants_answer);
  EXPECT_EQ(Parsed("cas a 0 0 1 18446744073709551615").unique, 18446744073709551615u);
  EXPECT_EQ(Parsed("decr n 7").amount, 7u);
  EXPECT_EQ(Parsed("delete a 0").verb, Verb::kDelete);
  EXPECT_EQ(Parsed("touch a 3").time, 3);
  EXPECT_EQ(Parsed("flush_all").verb, Verb::kFlush);
  EXPECT_EQ(Parsed("flush_all 3 noreply").time, 3);
  EXPECT_EQ(Parsed("quit").verb, Verb::kQuit);
}

TEST(ParseCommand, RefusesWhatIsMalformed) {
  for (const char* line :
       {"set a 0 0", "set a 0 0 -1", "set a 0 0 x", "set a -1 0 1", "set a 4294967296 0 1",
        "set a 0 0 1 2", "cas a 0 0 1", "cas a 0 0 1 x", "incr n", "incr n -1", "delete",
        "delete a 1", "touch a", "flush_all x", "gat x a",
        "get a\x01"
        "b"}) {
    EXPECT_EQ(ParseCommand(line).status().code(), absl::StatusCode::kInvalidArgument) << line;
  }
  const std::string key(kMostKeyBytes, 'k');
  EXPECT_TRUE(ParseCommand("get " + key).ok());
  EXPECT_FALSE(ParseCommand("get k" + key).ok());
}

TEST(ParseCommand, DoesNotKnowOtherWords) {
  for (const char* line : {"", " ", "get", "GET a", "nonsense", "quit now", "version 2",
                           "version noreply", "stats items", "verbosity", "verbosity 1 2 3"}) {
    EXPECT_EQ(ParseCommand(line).status().code(), absl::StatusCode::kUnimplemented) << line;
  }
}

TEST(ExpiryOf, CountsShortTimesFromNow) {
  EXPECT_EQ(ExpiryOf(0, 1'800'000'000), 0);
  EXPECT_EQ(ExpiryOf(10, 1'800'000'000), 1'800'000'010);
  EXPECT_EQ(ExpiryOf(2'592'000, 1'800'000'000), 1'802'592'000);
  EXPECT_EQ(ExpiryOf(2'592'001, 1'800'000'000), 2'592'001);
  EXPECT_LT(ExpiryOf(-1, 1'800'000'000), 1'800'000'000);
}

}  // namespace
}  // namespace muster::examples
