#include "muster/ipc/memory/shared_memory.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/open_fds.h"

namespace muster::ipc {
namespace {

constexpr std::size_t kSize = 3 * 4096 + 100;

std::string TestPath(const std::string& name) {
  return absl::StrCat(std::getenv("TEST_TMPDIR"), "/", name, ".", ::getpid());
}

// Unique among the processes of this machine.
std::string PosixName(const std::string& test) {
  return absl::StrCat("/muster_test_", test, "_", ::getpid());
}

bool HasText(const SharedMemory& memory, const char* text) {
  return std::strcmp(reinterpret_cast<const char*>(memory.data()), text) == 0;
}

void SetText(const SharedMemory& memory, const char* text) {
  std::memcpy(memory.data(), text, std::strlen(text) + 1);
}

bool DropCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

struct Backing {
  const char* name;
  std::function<absl::StatusOr<SharedMemory>(const SharedMemoryOptions&)> create;
};

class EveryBacking : public testing::TestWithParam<Backing> {};

INSTANTIATE_TEST_SUITE_P(
    SharedMemory, EveryBacking,
    testing::Values(
        Backing{"Anonymous", SharedMemory::CreateAnonymous},
        Backing{"DevZero", SharedMemory::CreateDevZero},
        Backing{"SystemV", SharedMemory::CreateSystemV},
        Backing{"Memfd", [](const auto& o) { return SharedMemory::CreateMemfd("test", o); }},
        Backing{"Posix",
                [](const auto& o) { return SharedMemory::CreatePosix("/muster_test", o); }},
        Backing{"File", [](const auto& o) { return SharedMemory::CreateFile(TestPath("x"), o); }}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_P(EveryBacking, IsZeroedAndOfTheSizeThatWasAsked) {
  const auto memory = GetParam().create({.size_bytes = kSize});
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->size_bytes(), kSize);
  for (std::size_t i = 0; i < kSize; ++i) ASSERT_EQ(memory->data()[i], std::byte{0}) << i;
}

TEST_P(EveryBacking, IsSharedWithAChildOfFork) {
  const auto memory = GetParam().create({.size_bytes = kSize});
  ASSERT_TRUE(memory.ok()) << memory.status();
  ForkedChild child([&] {
    SetText(*memory, "from the child");
    return 0;
  });
  ASSERT_EQ(child.Join(), 0);
  EXPECT_TRUE(HasText(*memory, "from the child"));
}

TEST_P(EveryBacking, IsAllPresentAfterPrefault) {
  const auto memory = GetParam().create({.size_bytes = kSize, .prefault = true});
  ASSERT_TRUE(memory.ok()) << memory.status();
  unsigned char present[4] = {};
  ASSERT_EQ(::mincore(memory->data(), memory->size_bytes(), present), 0);
  for (const unsigned char page : present) EXPECT_EQ(page & 1, 1);
}

TEST_P(EveryBacking, CannotBeLockedOverTheLimit) {
#if defined(MUSTER_SANITIZER)
  GTEST_SKIP() << "these sanitizers replace mlock by nothing";
#endif
  ForkedChild child([] {
    const rlimit none = {0, 0};
    if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 1;
    if (!DropCapabilities()) return 2;  // root's are above the limit
    const auto memory = GetParam().create({.size_bytes = kSize, .mlock = true});
    return absl::StrContains(memory.status().message(), "mlock 12388 bytes of ") ? 0 : 3;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST_P(EveryBacking, CanBeLockedWithinTheLimit) {
  const auto memory = GetParam().create({.size_bytes = 4096, .mlock = true});
  EXPECT_TRUE(memory.ok()) << memory.status();
}

TEST_P(EveryBacking, TakesAdviceAboutHugePages) {
  const auto memory = GetParam().create(
      {.size_bytes = 4 << 20, .prefault = true, .huge_pages = HugePages::kTransparent});
  EXPECT_TRUE(memory.ok()) << memory.status();
}

TEST_P(EveryBacking, RefusesASizeOfZero) {
  const auto memory = GetParam().create({});
  EXPECT_EQ(memory.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(memory.status().message(), "size of 0 bytes")) << memory.status();
}

TEST_P(EveryBacking, RefusesASizeThatNoOffsetCanHold) {
  const auto memory = GetParam().create({.size_bytes = ~std::size_t{0} - 5});
  EXPECT_EQ(memory.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(EveryBacking, LeaksNoDescriptor) {
  const int open_before = CountOpenFds();
  {
    auto memory = GetParam().create({.size_bytes = kSize});
    ASSERT_TRUE(memory.ok()) << memory.status();
    const SharedMemory moved = *std::move(memory);
  }
  EXPECT_EQ(CountOpenFds(), open_before);
}

TEST(SharedMemory, IsEmptyAfterItWasMoved) {
  auto source = SharedMemory::CreateAnonymous({.size_bytes = kSize});
  SetText(*source, "moved");
  const SharedMemory target = *std::move(source);
  EXPECT_EQ(source->data(), nullptr);
  EXPECT_EQ(source->size_bytes(), 0u);
  EXPECT_TRUE(HasText(target, "moved"));
}

TEST(SharedMemory, UnmapsWhatItHadWhenItIsAssigned) {
  auto target = SharedMemory::CreateAnonymous({.size_bytes = kSize});
  std::byte* const old = target->data();
  *target = *SharedMemory::CreateSystemV({.size_bytes = kSize});
  unsigned char present[4];
  EXPECT_TRUE(target->data() == old || ::mincore(old, kSize, present) < 0);
  SetText(*target, "new");
  EXPECT_TRUE(HasText(*target, "new"));
}

TEST(SharedMemory, TakesWholeHugePagesFromThePoolOrSaysThatItIsEmpty) {
  const SharedMemoryOptions options = {
      .size_bytes = kSize, .prefault = true, .huge_pages = HugePages::kReserved};
  for (const absl::Status& status : {SharedMemory::CreateAnonymous(options).status(),
                                     SharedMemory::CreateSystemV(options).status(),
                                     SharedMemory::CreateMemfd("test", options).status()}) {
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kResourceExhausted) << status;
  }
}

TEST(SharedMemory, SaysWhereThereAreNoReservedHugePages) {
  const auto memory = SharedMemory::CreateFile(
      TestPath("huge"), {.size_bytes = kSize, .huge_pages = HugePages::kReserved});
  EXPECT_TRUE(absl::StrContains(memory.status().message(),
                                "reserved huge pages exist for anonymous, System V and memfd"))
      << memory.status();
}

TEST(SharedMemoryMemfd, CannotBeShrunkGrownOrUnsealed) {
  const auto memory = SharedMemory::CreateMemfd("test", {.size_bytes = kSize});
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(::ftruncate(memory->fd(), 4096), -1);
  EXPECT_EQ(::ftruncate(memory->fd(), 1 << 20), -1);
  EXPECT_EQ(::fcntl(memory->fd(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST(SharedMemoryMemfd, IsAllocatedUpFront) {
  const auto memory = SharedMemory::CreateMemfd("test", {.size_bytes = 1 << 20});
  struct stat file;
  ASSERT_EQ(::fstat(memory->fd(), &file), 0);
  EXPECT_GE(file.st_blocks * 512, 1 << 20);
}

TEST(SharedMemoryMemfd, ReportsThatThereIsNoRoomInsteadOfRaisingSigbusLater) {
  ForkedChild child([] {
    // What stands for a full tmpfs: no file of this process may grow past 64 KiB.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {65536, 65536};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    const auto memory = SharedMemory::CreateMemfd("zone", {.size_bytes = 1 << 20});
    return memory.status().message() == "fallocate 1048576 bytes of memfd zone: File too large" ? 0
                                                                                                : 2;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST(SharedMemoryMemfd, IsAttachedThroughItsDescriptor) {
  const auto memory = SharedMemory::CreateMemfd("test", {.size_bytes = kSize});
  SetText(*memory, "the same");
  const auto attached =
      SharedMemory::AttachMemfd(UniqueFd(::dup(memory->fd())), {.size_bytes = kSize});
  ASSERT_TRUE(attached.ok()) << attached.status();
  EXPECT_NE(attached->data(), memory->data());
  EXPECT_EQ(attached->size_bytes(), kSize);
  EXPECT_TRUE(HasText(*attached, "the same"));
}

TEST(SharedMemoryMemfd, IsRefusedIfAPeerCouldShrinkIt) {
  UniqueFd fd(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(fd.get(), kSize), 0);
  const std::string number = absl::StrCat(fd.get());
  const auto attached = SharedMemory::AttachMemfd(std::move(fd));
  EXPECT_EQ(attached.status(), absl::InvalidArgumentError(
                                   absl::StrCat("shared memory in descriptor ", number,
                                                ": seals 0x0, expected F_SEAL_SHRINK among them")));
}

TEST(SharedMemoryMemfd, IsRefusedIfItIsSmallerThanWasAsked) {
  const auto memory = SharedMemory::CreateMemfd("test", {.size_bytes = kSize});
  UniqueFd fd(::dup(memory->fd()));
  const std::string number = absl::StrCat(fd.get());
  const auto attached = SharedMemory::AttachMemfd(std::move(fd), {.size_bytes = kSize + 1});
  EXPECT_EQ(attached.status(), absl::InvalidArgumentError(
                                   absl::StrCat("shared memory in descriptor ", number,
                                                ": size of 12388 bytes, expected at least 12389")));
}

TEST(SharedMemoryMemfd, IsRefusedIfItIsEmpty) {
  UniqueFd fd(::memfd_create("empty", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_EQ(SharedMemory::AttachMemfd(std::move(fd)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SharedMemoryMemfd, IsNotAPipe) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd other(fds[1]);
  const auto attached = SharedMemory::AttachMemfd(UniqueFd(fds[0]));
  EXPECT_TRUE(absl::StrContains(attached.status().message(), "fcntl F_GET_SEALS"))
      << attached.status();
}

TEST(SharedMemorySystemV, IsMarkedForRemovalFromTheBeginning) {
  const auto memory = SharedMemory::CreateSystemV({.size_bytes = kSize});
  shmid_ds segment;
  ASSERT_EQ(::shmctl(memory->system_v_id(), IPC_STAT, &segment), 0);
  EXPECT_NE(segment.shm_perm.mode & SHM_DEST, 0);
}

TEST(SharedMemorySystemV, IsAttachedByIdUntilItsLastUserIsGone) {
  auto memory = SharedMemory::CreateSystemV({.size_bytes = kSize});
  const int id = memory->system_v_id();
  SetText(*memory, "the same");
  {
    const auto attached = SharedMemory::AttachSystemV(id, {.size_bytes = kSize});
    ASSERT_TRUE(attached.ok()) << attached.status();
    EXPECT_TRUE(HasText(*attached, "the same"));
  }
  { const SharedMemory gone = *std::move(memory); }
  EXPECT_FALSE(SharedMemory::AttachSystemV(id).ok());
}

TEST(SharedMemorySystemV, LeavesNoSegmentBehindWhenItsUserIsKilled) {
  int ids[2];
  ASSERT_EQ(::pipe2(ids, O_CLOEXEC), 0);
  const UniqueFd reader(ids[0]);
  const UniqueFd writer(ids[1]);
  ForkedChild child([&] {
    const auto memory = SharedMemory::CreateSystemV({.size_bytes = kSize});
    const int id = memory->system_v_id();
    if (::write(writer.get(), &id, sizeof(id)) != sizeof(id)) return 1;
    return ::pause();
  });
  int id = -1;
  ASSERT_EQ(::read(reader.get(), &id, sizeof(id)), static_cast<ssize_t>(sizeof(id)));
  shmid_ds segment;
  ASSERT_EQ(::shmctl(id, IPC_STAT, &segment), 0);
  child.Kill();
  EXPECT_EQ(::shmctl(id, IPC_STAT, &segment), -1);
}

TEST(SharedMemoryPosix, HasNoNameBeforeItIsPublished) {
  const std::string name = PosixName("unpublished");
  auto memory = SharedMemory::CreatePosix(name, {.size_bytes = kSize});
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(SharedMemory::AttachPosix(name).status().code(), absl::StatusCode::kNotFound);
  SetText(*memory, "built");
  ASSERT_TRUE(memory->Publish().ok());
  const auto attached = SharedMemory::AttachPosix(name, {.size_bytes = kSize});
  ASSERT_EQ(::shm_unlink(name.c_str()), 0);
  ASSERT_TRUE(attached.ok()) << attached.status();
  EXPECT_TRUE(HasText(*attached, "built"));
}

TEST(SharedMemoryPosix, RefusesAName) {
  for (const char* name : {"", "/", "name", "/a/b", "/.", "/.."}) {
    const auto memory = SharedMemory::CreatePosix(name, {.size_bytes = kSize});
    EXPECT_EQ(memory.status(),
              absl::InvalidArgumentError(absl::StrCat("POSIX shared memory \"", name,
                                                      "\": expected a name like \"/name\"")));
    EXPECT_EQ(SharedMemory::AttachPosix(name).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(SharedMemoryFile, IsAttachedByItsPathOncePublished) {
  const std::string path = TestPath("published");
  auto memory = SharedMemory::CreateFile(path, {.size_bytes = kSize});
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
  SetText(*memory, "built");
  ASSERT_TRUE(memory->Publish().ok());
  const auto attached = SharedMemory::AttachFile(path);
  ASSERT_TRUE(attached.ok()) << attached.status();
  EXPECT_TRUE(HasText(*attached, "built"));
}

TEST(SharedMemoryFile, DoesNotTakeANameThatIsTaken) {
  const std::string path = TestPath("taken");
  auto first = SharedMemory::CreateFile(path, {.size_bytes = kSize});
  auto second = SharedMemory::CreateFile(path, {.size_bytes = kSize});
  SetText(*first, "first");
  ASSERT_TRUE(first->Publish().ok());
  EXPECT_EQ(second->Publish(),
            absl::AlreadyExistsError(absl::StrCat("link ", path, ": File exists")));
  EXPECT_TRUE(HasText(*SharedMemory::AttachFile(path), "first"));
}

TEST(SharedMemoryFile, ReplacesAnotherWhoseUsersKeepIt) {
  const std::string path = TestPath("replaced");
  auto first = SharedMemory::CreateFile(path, {.size_bytes = kSize});
  SetText(*first, "first");
  ASSERT_TRUE(first->Publish().ok());
  auto second = SharedMemory::CreateFile(path, {.size_bytes = kSize});
  SetText(*second, "second");
  ASSERT_TRUE(second->Publish(SharedMemory::Publication::kReplace).ok());
  EXPECT_TRUE(HasText(*SharedMemory::AttachFile(path), "second"));
  EXPECT_TRUE(HasText(*first, "first"));
}

TEST(SharedMemoryFile, LeavesNothingWhenItsCreatorIsKilledBeforePublishing) {
  const std::string folder = TestPath("folder");
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  ForkedChild child([&] {
    const auto memory =
        SharedMemory::CreateFile(absl::StrCat(folder, "/zone"), {.size_bytes = kSize});
    return memory.ok() ? ::raise(SIGKILL) : 1;
  });
  ASSERT_EQ(child.Join(), -SIGKILL);
  EXPECT_EQ(::rmdir(folder.c_str()), 0);  // only an empty one can be removed
}

TEST(SharedMemoryFile, NamesTheFolderThatIsNotThere) {
  const auto memory = SharedMemory::CreateFile("/nowhere/zone", {.size_bytes = kSize});
  EXPECT_EQ(memory.status(),
            absl::NotFoundError("open O_TMPFILE /nowhere: No such file or directory"));
}

TEST(SharedMemoryFile, IsNotADevice) {
  EXPECT_EQ(SharedMemory::AttachFile("/dev/null").status(),
            absl::InvalidArgumentError("/dev/null: not a regular file"));
}

TEST(SharedMemoryPublish, RefusesWhatHasNoName) {
  auto memory = SharedMemory::CreateAnonymous({.size_bytes = kSize});
  EXPECT_EQ(memory->Publish().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SharedMemoryPublish, HappensOnce) {
  auto memory = SharedMemory::CreateFile(TestPath("once"), {.size_bytes = kSize});
  ASSERT_TRUE(memory->Publish().ok());
  EXPECT_EQ(memory->Publish().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace muster::ipc
