#include "muster/ipc/memory/offset_ptr.h"

#include <atomic>
#include <cstdint>
#include <limits>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

constexpr std::size_t kSize = 4096;

struct Node {
  std::uint64_t value;
  OffsetPtr<Node> next;
};

class OffsetPtrTest : public testing::Test {
 protected:
  absl::Span<std::byte> block() { return memory_.bytes(); }
  Node* At(std::size_t offset_bytes) {
    return reinterpret_cast<Node*>(memory_.data() + offset_bytes);
  }

  SharedMemory memory_ = *SharedMemory::CreateMemfd("test", {.size_bytes = kSize});
};

TEST_F(OffsetPtrTest, LeadsToTheSameObjectWhereverTheBlockIsMapped) {
  At(128)->value = 1;
  At(128)->next = OffsetPtr<Node>::To(block(), At(512));
  At(512)->value = 2;
  ForkedChild child([&] {
    const auto again = SharedMemory::AttachMemfd(UniqueFd(::dup(memory_.fd())));
    if (again->data() == memory_.data()) return 1;
    const Node* const first = OffsetPtr<Node>(128).Resolve(again->bytes());
    const Node* const second = first->next.Resolve(again->bytes());
    return second->value == 2 && second->next.is_null() ? 0 : 2;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST_F(OffsetPtrTest, IsNullInFreshMemory) {
  EXPECT_TRUE(At(128)->next.is_null());
  EXPECT_EQ(At(128)->next.Resolve(block()), nullptr);
}

TEST_F(OffsetPtrTest, ReachesTheLastObjectOfTheBlock) {
  EXPECT_EQ(OffsetPtr<Node>(kSize - sizeof(Node)).Resolve(block()), At(kSize - sizeof(Node)));
}

TEST_F(OffsetPtrTest, ResolvesNothingThatIsNotWholeWithinTheBlock) {
  for (const std::uint64_t offset :
       {std::uint64_t{kSize - sizeof(Node) + 8}, std::uint64_t{kSize}, std::uint64_t{kSize + 8},
        std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max() - 7}) {
    EXPECT_EQ(OffsetPtr<Node>(offset).Resolve(block()), nullptr) << offset;
  }
}

TEST_F(OffsetPtrTest, ResolvesNothingThatIsNotAligned) {
  EXPECT_EQ(OffsetPtr<Node>(129).Resolve(block()), nullptr);
  EXPECT_EQ(OffsetPtr<Node>(132).Resolve(block()), nullptr);
  EXPECT_NE(OffsetPtr<Node>(136).Resolve(block()), nullptr);
}

TEST_F(OffsetPtrTest, ResolvesNothingInAnEmptyBlock) {
  EXPECT_EQ(OffsetPtr<Node>(8).Resolve({}), nullptr);
}

TEST_F(OffsetPtrTest, IsNotMadeForAnObjectElsewhere) {
  const Node elsewhere = {};
  EXPECT_DEATH((void)OffsetPtr<Node>::To(block(), &elsewhere), "the object lies within the block");
}

TEST_F(OffsetPtrTest, IsPublishedAsOneAtomicWord) {
  EXPECT_TRUE(std::atomic<OffsetPtr<Node>>::is_always_lock_free);
}

TEST_F(OffsetPtrTest, LeadsToAnArray) {
  At(256)[3].value = 9;
  const auto span = OffsetSpan<Node>::To(block(), absl::Span<const Node>(At(256), 4));
  ASSERT_EQ(span.Resolve(block()).size(), 4u);
  EXPECT_EQ(span.Resolve(block())[3].value, 9u);
}

TEST_F(OffsetPtrTest, ResolvesNoArrayThatIsNotWholeWithinTheBlock) {
  constexpr std::uint64_t kFits = (kSize - 256) / sizeof(Node);
  EXPECT_EQ(OffsetSpan<Node>(256, kFits).Resolve(block()).size(), kFits);
  for (const std::uint64_t count :
       {kFits + 1, std::uint64_t{1} << 60, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_TRUE(OffsetSpan<Node>(256, count).Resolve(block()).empty()) << count;
  }
}

TEST_F(OffsetPtrTest, LeadsToNoArrayInFreshMemory) {
  EXPECT_TRUE(reinterpret_cast<OffsetSpan<Node>*>(At(128))->Resolve(block()).empty());
  EXPECT_TRUE(OffsetSpan<Node>::To(block(), {}).Resolve(block()).empty());
}

}  // namespace
}  // namespace muster::ipc
