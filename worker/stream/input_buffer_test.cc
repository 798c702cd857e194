#include "muster/worker/stream/input_buffer.h"

#include <cstring>
#include <string>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

TEST(InputBuffer, ConsumesFromTheFrontWithoutMovingTheRest) {
  InputBuffer buffer;
  buffer.Append("one two three");
  const char* const first = buffer.bytes().data();
  buffer.Consume(4);
  EXPECT_EQ(buffer.bytes(), "two three");
  EXPECT_EQ(buffer.bytes().data(), first + 4);
}

TEST(InputBuffer, BorrowsWhatWasReceivedAndCopiesOnlyWhatIsLeft) {
  const std::string received = "line\nhalf";
  InputBuffer buffer;
  buffer.Borrow(received);
  EXPECT_EQ(buffer.bytes().data(), received.data());
  buffer.Consume(5);
  EXPECT_EQ(buffer.bytes().data(), received.data() + 5);
  buffer.Keep();
  EXPECT_EQ(buffer.bytes(), "half");
  EXPECT_NE(buffer.bytes().data(), received.data() + 5);
}

TEST(InputBuffer, IsEmptyWhenAllThatIsBorrowedIsConsumed) {
  const std::string received = "line\n";
  InputBuffer buffer;
  buffer.Borrow(received);
  buffer.Consume(5);
  EXPECT_TRUE(buffer.empty());
  buffer.Keep();
  EXPECT_TRUE(buffer.empty());
  buffer.Borrow(received);
  EXPECT_EQ(buffer.bytes(), "line\n");
}

TEST(InputBuffer, TakesBytesThatAreWrittenIntoItsRoom) {
  InputBuffer buffer;
  buffer.Append("ab");
  const absl::Span<char> room = buffer.Room(1000);
  ASSERT_GE(room.size(), 1000u);
  std::memcpy(room.data(), "cd", 2);
  buffer.Commit(2);
  EXPECT_EQ(buffer.bytes(), "abcd");
}

TEST(InputBuffer, KeepsWhatIsThereWhenItGrowsAndWhenItMovesToTheFront) {
  InputBuffer buffer;
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string next = std::to_string(i) + ",";
    buffer.Append(next);
    expected += next;
    const std::size_t consumed = i % 7;
    if (buffer.size() > consumed) {
      buffer.Consume(consumed);
      expected.erase(0, consumed);
    }
    ASSERT_EQ(buffer.bytes(), expected);
  }
}

// With a move for each of them, this would take hours.
TEST(InputBuffer, ConsumesManySmallPiecesOfMuch) {
  InputBuffer buffer;
  buffer.Append(std::string(8 << 20, 'x'));
  std::size_t pieces = 0;
  for (; !buffer.empty(); ++pieces) buffer.Consume(2);
  EXPECT_EQ(pieces, std::size_t{4} << 20);
}

TEST(InputBuffer, GivesAwayWhatIsInIt) {
  InputBuffer buffer;
  buffer.Append("xrest");
  buffer.Consume(1);
  EXPECT_EQ(buffer.Take(), "rest");
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.Take(), "");
}

}  // namespace
}  // namespace muster::worker
