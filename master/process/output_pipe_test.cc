#include "muster/master/process/output_pipe.h"

#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

TEST(OutputPipe, HasWhatWasWrittenSoFarAndThenItsEnd) {
  auto pipe = OutputPipe::Make();
  ASSERT_TRUE(pipe.ok()) << pipe.status();
  std::string text;
  EXPECT_TRUE(ReadSome(pipe->read.get(), 100, &text)) << "nobody has written anything";
  ASSERT_EQ(::write(pipe->write.get(), "some", 4), 4);
  EXPECT_TRUE(ReadSome(pipe->read.get(), 100, &text));
  EXPECT_EQ(text, "some");
  ASSERT_EQ(::write(pipe->write.get(), " more", 5), 5);
  pipe->write.reset();
  EXPECT_FALSE(ReadSome(pipe->read.get(), 100, &text));
  EXPECT_EQ(text, "some more");
}

TEST(OutputPipe, IsEmptiedThoughNoMoreIsWanted) {
  auto pipe = OutputPipe::Make();
  ASSERT_TRUE(pipe.ok()) << pipe.status();
  std::string text = "0";
  for (int i = 0; i < 2; ++i) {
    const std::string bytes(60'000, 'x');  // of the 64 KiB that a pipe has
    ASSERT_EQ(::write(pipe->write.get(), bytes.data(), bytes.size()), 60'000) << "it is full";
    EXPECT_TRUE(ReadSome(pipe->read.get(), 3, &text));
    EXPECT_EQ(text, "0xx");
  }
}

}  // namespace
}  // namespace muster::master
