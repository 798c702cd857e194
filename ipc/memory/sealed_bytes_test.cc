#include "muster/ipc/memory/sealed_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

TEST(SealedBytes, AreReadBackByAnotherProcess) {
  std::string bytes(300'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  const auto fd = SealBytes("configuration", bytes);
  ASSERT_TRUE(fd.ok()) << fd.status();
  ForkedChild child([&] {
    const auto read = ReadSealedBytes(fd->get(), 1 << 20);
    return read.ok() && *read == bytes ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(*ReadSealedBytes(fd->get(), 1 << 20), bytes);  // the child moved no offset
}

TEST(SealedBytes, MayBeNone) {
  const auto fd = SealBytes("empty", "");
  EXPECT_EQ(*ReadSealedBytes(fd->get(), 0), "");
}

TEST(SealedBytes, CannotBeChangedByTheirMaker) {
  const auto fd = SealBytes("configuration", "abc");
  EXPECT_EQ(::pwrite(fd->get(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(fd->get(), 1), -1);
  EXPECT_EQ(::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd->get(), 0), MAP_FAILED);
}

TEST(SealedBytes, AreRefusedIfTheyCouldStillChange) {
  const UniqueFd fd(::memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::write(fd.get(), "abc", 3), 3);
  ASSERT_EQ(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  EXPECT_EQ(ReadSealedBytes(fd.get(), 100).status(),
            absl::InvalidArgumentError(
                absl::StrCat("sealed bytes in descriptor ", fd.get(),
                             ": seals 0x6, expected 0xe (SHRINK, GROW, WRITE) among them")));
}

TEST(SealedBytes, AreRefusedOverTheLimit) {
  const auto fd = SealBytes("configuration", "abcd");
  EXPECT_TRUE(ReadSealedBytes(fd->get(), 4).ok());
  EXPECT_EQ(ReadSealedBytes(fd->get(), 3).status(),
            absl::InvalidArgumentError(absl::StrCat("sealed bytes in descriptor ", fd->get(),
                                                    ": size of 4 bytes, expected at most 3")));
}

TEST(SealedBytes, AreNotInAnyOtherDescriptor) {
  EXPECT_TRUE(absl::StrContains(ReadSealedBytes(-1, 100).status().message(),
                                "fcntl F_GET_SEALS sealed bytes in descriptor -1: Bad file"));
  EXPECT_FALSE(ReadSealedBytes(STDERR_FILENO, 100).ok());
}

}  // namespace
}  // namespace muster::ipc
