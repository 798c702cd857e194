// What others can put where a process attaches memory by its name.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::ipc {
namespace {

constexpr std::size_t kSize = 4096;
constexpr uid_t kStranger = 4711;

// A name in a folder, and how to attach it.
struct Place {
  const char* name;
  std::function<std::string(const std::string& name)> path;
  std::function<absl::StatusOr<SharedMemory>(const std::string& name, const SharedMemoryOptions&)>
      attach;
  std::function<absl::StatusOr<SharedMemory>(const std::string& name)> create;
};

class SharedMemoryNames : public ::testing::TestWithParam<Place> {
 protected:
  SharedMemoryNames() : name_(absl::StrCat("muster_names_test_", ::getpid())) {}
  ~SharedMemoryNames() override {
    ::unlink(path().c_str());
    ::unlink(target().c_str());
  }

  std::string path() const { return GetParam().path(name_); }
  std::string target() const { return GetParam().path(name_ + "_target"); }
  absl::StatusOr<SharedMemory> Attach(SharedMemoryOptions options = {}) const {
    return GetParam().attach(name_, options);
  }
  void Publish(SharedMemory::Publication publication = SharedMemory::Publication::kNewName) const {
    auto memory = GetParam().create(name_);
    ASSERT_TRUE(memory.ok()) << memory.status();
    const absl::Status published = memory->Publish(publication);
    ASSERT_TRUE(published.ok()) << published;
  }

 private:
  std::string name_;
};

INSTANTIATE_TEST_SUITE_P(
    SharedMemory, SharedMemoryNames,
    ::testing::Values(Place{"Posix", [](const std::string& name) { return "/dev/shm/" + name; },
                            [](const std::string& name, const auto& options) {
                              return SharedMemory::AttachPosix("/" + name, options);
                            },
                            [](const std::string& name) {
                              return SharedMemory::CreatePosix("/" + name, {.size_bytes = kSize});
                            }},
                      Place{"File",
                            [](const std::string& name) {
                              return absl::StrCat(std::getenv("TEST_TMPDIR"), "/", name);
                            },
                            [](const std::string& name, const auto& options) {
                              return SharedMemory::AttachFile(
                                  absl::StrCat(std::getenv("TEST_TMPDIR"), "/", name), options);
                            },
                            [](const std::string& name) {
                              return SharedMemory::CreateFile(
                                  absl::StrCat(std::getenv("TEST_TMPDIR"), "/", name),
                                  {.size_bytes = kSize});
                            }}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_P(SharedMemoryNames, AreTakenFromTheEffectiveUser) {
  Publish();
  EXPECT_TRUE(Attach().ok());
  EXPECT_TRUE(Attach({.read_only = true}).ok());
}

TEST_P(SharedMemoryNames, AreNotTakenIfOthersMayWriteTheMemory) {
  Publish();
  ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
  const absl::Status expected = absl::PermissionDeniedError(absl::StrCat(
      path(), ": mode 0666 lets others than its owner, user ", ::geteuid(), ", write it"));
  EXPECT_EQ(Attach().status(), expected);
  EXPECT_EQ(Attach({.read_only = true}).status(), expected);
  EXPECT_TRUE(Attach({.trusted = {.others_may_write = true}}).ok());
}

TEST_P(SharedMemoryNames, AreNotTakenFromAStranger) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file of another user";
  Publish();
  if (::chown(path().c_str(), kStranger, -1) != 0) {
    GTEST_SKIP() << "this root, of a user namespace, has no other user";
  }
  const absl::Status expected = absl::PermissionDeniedError(
      absl::StrCat(path(), ": belongs to user ", kStranger, ", expected 0"));
  EXPECT_EQ(Attach().status(), expected);
  // As a stranger makes it for somebody to fall into.
  ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
  EXPECT_EQ(Attach({.trusted = {.others_may_write = true}}).status(), expected);
  EXPECT_TRUE(Attach({.trusted = {.user = kStranger, .others_may_write = true}}).ok());
}

TEST_P(SharedMemoryNames, AreNotFollowedIfTheyAreLinks) {
  Publish();
  ASSERT_EQ(std::rename(path().c_str(), target().c_str()), 0);
  ASSERT_EQ(::symlink(target().c_str(), path().c_str()), 0);
  EXPECT_EQ(Attach().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Attach({.read_only = true}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(SharedMemoryNames, AreNotWaitedForIfTheyAreFifos) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const absl::Status expected =
      absl::InvalidArgumentError(absl::StrCat(path(), ": not a regular file"));
  EXPECT_EQ(Attach().status(), expected);
  EXPECT_EQ(Attach({.read_only = true}).status(), expected);
}

TEST_P(SharedMemoryNames, AreReplacedWhateverOthersLock) {
  Publish();
  const UniqueFd taken(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(taken.get(), LOCK_EX), 0);
  const std::string before = path() + ".unpublished";
  const UniqueFd squatted(::open(before.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0666));
  ASSERT_EQ(::flock(squatted.get(), LOCK_EX), 0);
  Publish(SharedMemory::Publication::kReplace);
  EXPECT_TRUE(Attach().ok());
  ::unlink(before.c_str());
}

TEST(SharedMemorySystemVNames, AreNotTakenIfOthersMayWriteTheMemory) {
  const auto memory = SharedMemory::CreateSystemV({.size_bytes = kSize});
  ASSERT_TRUE(memory.ok()) << memory.status();
  const int id = memory->system_v_id();
  EXPECT_TRUE(SharedMemory::AttachSystemV(id).ok());
  shmid_ds segment;
  ASSERT_EQ(::shmctl(id, IPC_STAT, &segment), 0);
  segment.shm_perm.mode = 0666;
  ASSERT_EQ(::shmctl(id, IPC_SET, &segment), 0);
  EXPECT_EQ(SharedMemory::AttachSystemV(id).status(),
            absl::PermissionDeniedError(absl::StrCat(
                "System V segment ", id, ": mode 0666 lets others than its owner, user ",
                ::geteuid(), ", write it")));
  EXPECT_TRUE(SharedMemory::AttachSystemV(id, {.trusted = {.others_may_write = true}}).ok());
}

TEST(SharedMemorySystemVNames, AreNotTakenFromAStranger) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user for a while";
  if (::seteuid(kStranger) != 0)
    GTEST_SKIP() << "this root, of a user namespace, has no other user";
  const auto memory = SharedMemory::CreateSystemV({.size_bytes = kSize});
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_TRUE(memory.ok()) << memory.status();
  const int id = memory->system_v_id();
  EXPECT_EQ(SharedMemory::AttachSystemV(id).status(),
            absl::PermissionDeniedError(absl::StrCat("System V segment ", id, ": belongs to user ",
                                                     kStranger, ", expected 0")));
  EXPECT_TRUE(SharedMemory::AttachSystemV(id, {.trusted = {.user = kStranger}}).ok());
}

}  // namespace
}  // namespace muster::ipc
