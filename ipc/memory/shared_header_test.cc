#include "muster/ipc/memory/shared_header.h"

#include <cstdint>
#include <cstring>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

constexpr std::size_t kSize = 4096;
constexpr SharedLayout kLayout = {.magic = 0x5a4f4e45, .layout_version = 3, .abi_hash = 0xfeed};

SharedMemory MakeMemory() { return *SharedMemory::CreateMemfd("test", {.size_bytes = kSize}); }

SharedMemory MakePublished() {
  SharedMemory memory = MakeMemory();
  PublishHeader(*CreateHeader(memory, kLayout));
  return memory;
}

TEST(SharedHeader, IsAcceptedByAProcessWithTheSameLayout) {
  const SharedMemory memory = MakePublished();
  ForkedChild child([&] {
    const auto attached = SharedMemory::AttachMemfd(UniqueFd(::dup(memory.fd())));
    const auto header = CheckHeader(*attached, kLayout);
    return header.ok() && (*header)->size_bytes == kSize ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST(SharedHeader, IsRefusedBeforeItIsPublished) {
  const SharedMemory memory = MakeMemory();
  EXPECT_EQ(CheckHeader(memory, kLayout).status(),
            absl::FailedPreconditionError("shared header: state is 0, expected ready (1)"));
  ASSERT_TRUE(CreateHeader(memory, kLayout).ok());
  EXPECT_EQ(CheckHeader(memory, kLayout).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SharedHeader, NamesAnotherMagic) {
  EXPECT_EQ(
      CheckHeader(MakePublished(), {.magic = 1, .layout_version = 3, .abi_hash = 0xfeed}).status(),
      absl::InvalidArgumentError("shared header: magic is 5a4f4e45, expected 1"));
}

TEST(SharedHeader, NamesAnotherLayoutVersion) {
  EXPECT_EQ(
      CheckHeader(MakePublished(), {.magic = 0x5a4f4e45, .layout_version = 4, .abi_hash = 0xfeed})
          .status(),
      absl::InvalidArgumentError("shared header: layout version is 3, expected 4"));
}

TEST(SharedHeader, NamesAnotherAbiHash) {
  EXPECT_EQ(
      CheckHeader(MakePublished(), {.magic = 0x5a4f4e45, .layout_version = 3, .abi_hash = 0xbad})
          .status(),
      absl::InvalidArgumentError("shared header: ABI hash is feed, expected bad"));
}

TEST(SharedHeader, NamesAnotherSize) {
  const SharedMemory memory = MakePublished();
  reinterpret_cast<SharedHeader*>(memory.data())->size_bytes = 1 << 30;
  EXPECT_EQ(
      CheckHeader(memory, kLayout).status(),
      absl::InvalidArgumentError("shared header: size in bytes is 1073741824, expected 4096"));
}

TEST(SharedHeader, IsRefusedInABlockOfGarbage) {
  const SharedMemory memory = MakeMemory();
  std::memset(memory.data(), 0xa5, kSize);
  EXPECT_FALSE(CheckHeader(memory, kLayout).ok());
}

TEST(SharedHeader, DoesNotFitASmallerBlock) {
  const SharedMemory memory = *SharedMemory::CreateAnonymous({.size_bytes = 100});
  const absl::Status expected =
      absl::InvalidArgumentError("shared header: the block has 100 bytes, expected at least 128");
  EXPECT_EQ(CreateHeader(memory, kLayout).status(), expected);
  EXPECT_EQ(CheckHeader(memory, kLayout).status(), expected);
}

TEST(SharedHeader, GivesEachBlockAnotherInstanceId) {
  const SharedMemory first = MakePublished();
  const SharedMemory second = MakePublished();
  EXPECT_NE((*CheckHeader(first, kLayout))->instance_id,
            (*CheckHeader(second, kLayout))->instance_id);
}

TEST(AbiHash, DiffersByEachFactAndTheirOrder) {
  EXPECT_EQ(AbiHash({8, 16}), AbiHash({8, 16}));
  EXPECT_NE(AbiHash({8, 16}), AbiHash({16, 8}));
  EXPECT_NE(AbiHash({8, 16}), AbiHash({8, 17}));
  EXPECT_NE(AbiHash({8}), AbiHash({8, 0}));
}

}  // namespace
}  // namespace muster::ipc
