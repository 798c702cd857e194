#include "muster/master/upgrade/state_file.h"

#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/memory/sealed_bytes.h"

namespace muster::master {
namespace {

absl::StatusOr<std::string> ReadBytes(const std::string& bytes) {
  return ReadStateFile(ipc::SealBytes("test", bytes)->get());
}

TEST(StateFile, HasTheStateBehindItsFront) {
  const std::string state("a\0b", 3);
  const auto file = WriteStateFile(
      {.program = 3, .arguments = {"master", "-c", "x"}, .descriptors = {3, 5}}, state);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*ReadStateFile(file->get()), state);
  const auto bare = WriteStateFile({}, "");
  EXPECT_EQ(*ReadStateFile(bare->get()), "");
}

TEST(StateFile, OfAnyOtherFileIsAnErrorThatSaysWhy) {
  const std::string good =
      *ipc::ReadSealedBytes(WriteStateFile({.arguments = {"m"}}, "s")->get(), 1000);
  EXPECT_EQ(*ReadBytes(good), "s");
  for (std::size_t size = 0; size < sizeof(StateFront); ++size) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadBytes(good.substr(0, size)).status())) << size;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ReadBytes("x" + good).status()));
  StateFront front;
  std::memcpy(&front, good.data(), sizeof(front));
  front.argument_bytes = 4;
  std::string cut = good;
  std::memcpy(cut.data(), &front, sizeof(front));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadBytes(cut).status()));
  front.argument_bytes = ~std::uint64_t{0};
  std::memcpy(cut.data(), &front, sizeof(front));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadBytes(cut).status()));
  front.argument_bytes = 2;
  front.descriptors = 1;
  std::memcpy(cut.data(), &front, sizeof(front));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadBytes(cut).status()));
  front = {};
  std::memcpy(&front, good.data(), sizeof(front));
  front.form = 2;
  std::memcpy(cut.data(), &front, sizeof(front));
  const auto later = ReadBytes(cut);
  EXPECT_NE(later.status().message().find("form 2"), std::string::npos) << later.status();
  EXPECT_FALSE(ReadStateFile(0).ok()) << "whoever could change it, after it was read";
}

}  // namespace
}  // namespace muster::master
