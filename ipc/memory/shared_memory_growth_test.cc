#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/scratch_folder.h"

namespace muster::ipc {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kReserve = 64 * kPage;

SharedMemory Create() {
  auto memory =
      SharedMemory::CreateMemfd("growing", {.size_bytes = kPage, .reserve_bytes = kReserve});
  EXPECT_TRUE(memory.ok()) << memory.status();
  return *std::move(memory);
}

TEST(SharedMemoryGrowth, StaysWhereItIs) {
  SharedMemory memory = Create();
  std::byte* const data = memory.data();
  data[0] = std::byte{7};
  ASSERT_TRUE(memory.Grow(10 * kPage).ok());
  EXPECT_EQ(memory.data(), data);
  EXPECT_EQ(memory.size_bytes(), 10 * kPage);
  EXPECT_EQ(data[0], std::byte{7});
  EXPECT_EQ(data[10 * kPage - 1], std::byte{0});
}

TEST(SharedMemoryGrowth, IsThereForAllWhoHaveMappedIt) {
  SharedMemory memory = Create();
  ForkedChild child([&] {
    if (!memory.Grow(10 * kPage).ok()) return 1;
    memory.data()[9 * kPage] = std::byte{7};
    return 0;
  });
  ASSERT_EQ(child.Join(), 0);
  EXPECT_EQ(memory.data()[9 * kPage], std::byte{7});
  EXPECT_EQ(memory.size_bytes(), kPage);
  EXPECT_EQ(memory.FileBytes(), 10 * kPage);
}

TEST(SharedMemoryGrowth, IsThereForWhoReservesAfterAttaching) {
  SharedMemory memory = Create();
  auto other = SharedMemory::AttachMemfd(UniqueFd(::dup(memory.fd())));
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE(other->Reserve(kReserve).ok());
  ASSERT_TRUE(memory.Grow(10 * kPage).ok());
  memory.data()[9 * kPage] = std::byte{7};
  EXPECT_EQ(other->data()[9 * kPage], std::byte{7});
}

TEST(SharedMemoryGrowth, EndsAtTheReserve) {
  SharedMemory memory = Create();
  EXPECT_EQ(memory.Grow(kReserve + 1).message(),
            "grow shared memory from 4096 to 262145 bytes: 262144 bytes are reserved");
  EXPECT_TRUE(memory.Grow(kReserve).ok());
  EXPECT_TRUE(memory.Grow(kPage).ok()) << "it is as large already";
}

TEST(SharedMemoryGrowth, IsRefusedByMemoryThatWasMadeWithoutAReserve) {
  auto memory = SharedMemory::CreateMemfd("fixed", {.size_bytes = kPage});
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->Grow(2 * kPage).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(memory->Reserve(kReserve).ok());
  EXPECT_EQ(memory->Grow(2 * kPage).code(), absl::StatusCode::kPermissionDenied) << "it is sealed";
}

TEST(SharedMemoryGrowth, IsRefusedByMemoryWithoutADescriptor) {
  auto memory = SharedMemory::CreateAnonymous({.size_bytes = kPage});
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->Reserve(kReserve).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SharedMemoryGrowth, SaysThatThereIsNoRoom) {
  SharedMemory memory = Create();
  struct rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  ForkedChild child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    limit.rlim_cur = 2 * kPage;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (memory.Grow(10 * kPage).ok()) return 1;
    return memory.size_bytes() == kPage ? 0 : 2;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST(SharedMemoryGrowth, CannotBeUndoneByAPeer) {
  SharedMemory memory = Create();
  EXPECT_EQ(::ftruncate(memory.fd(), 0), -1);
}

TEST(SharedMemoryReadOnly, IsNotWrittenAndDoesNotGrow) {
  SharedMemory memory = Create();
  memory.data()[0] = std::byte{7};
  auto viewer = SharedMemory::AttachMemfd(UniqueFd(::dup(memory.fd())), {.read_only = true});
  ASSERT_TRUE(viewer.ok()) << viewer.status();
  EXPECT_EQ(viewer->data()[0], std::byte{7});
  EXPECT_EQ(viewer->Grow(2 * kPage).message(),
            "grow shared memory from 4096 to 8192 bytes: it was attached for reading only");
  ForkedChild writer([&] {
    // A sanitizer would report it, and exit.
    ::signal(SIGSEGV, SIG_DFL);
    viewer->data()[0] = std::byte{8};
    return 0;
  });
  EXPECT_EQ(writer.Join(), -SIGSEGV);
  EXPECT_EQ(memory.data()[0], std::byte{7});
}

TEST(SharedMemoryFile, HasTheModeThatWasAskedWhateverTheUmask) {
  const testing::ScratchFolder folder;
  const std::string path = folder.path() + "/memory";
  const mode_t umask = ::umask(0777);
  auto memory = SharedMemory::CreateFile(path, {.size_bytes = kPage, .mode = 0640});
  ::umask(umask);
  ASSERT_TRUE(memory.ok()) << memory.status();
  ASSERT_TRUE(memory->Publish().ok());
  struct stat file;
  ASSERT_EQ(::stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0640u);
}

}  // namespace
}  // namespace muster::ipc
