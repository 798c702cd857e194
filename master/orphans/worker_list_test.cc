#include "muster/master/orphans/worker_list.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/start_time.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WorkerListTest : public ::testing::Test {
 protected:
  WorkerList Create(const std::vector<ListedWorker>& older = {}) {
    auto list = WorkerList::Create(path_, older);
    EXPECT_TRUE(list.ok()) << list.status();
    return *std::move(list);
  }

  static ListedWorker This() {
    return {::getpid(), ipc::StartTimeTicks(::getpid()), ::geteuid(), BootId()};
  }

  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = ::testing::TempDir() + "/worker_list_test";
  const std::string path_ = folder_ + "/muster.pid.workers";
};

TEST_F(WorkerListTest, HasWhoWasAddedAndNotRemoved) {
  WorkerList list = Create();
  ASSERT_TRUE(list.Add(0, ::getpid()).ok());
  ASSERT_TRUE(list.Add(7, ::getpid()).ok());
  EXPECT_THAT(WorkerList::Read(path_), ElementsAre(This(), This()));
  ASSERT_TRUE(list.Remove(0).ok());
  EXPECT_THAT(WorkerList::Read(path_), ElementsAre(This()));
  ASSERT_TRUE(list.Remove(7).ok());
  EXPECT_THAT(WorkerList::Read(path_), IsEmpty());
}

TEST_F(WorkerListTest, KeepsThoseOfAnEarlierMaster) {
  const ListedWorker older = {1, 2, 3, BootId()};
  WorkerList list = Create({older});
  ASSERT_TRUE(list.Add(1023, ::getpid()).ok());
  EXPECT_THAT(WorkerList::Read(path_), ElementsAre(This(), older));
}

TEST_F(WorkerListTest, ReplacesAFileWithoutFollowingALink) {
  const std::string other = folder_ + "/other";
  std::ofstream(other) << "kept";
  std::filesystem::create_symlink(other, path_);
  const WorkerList list = Create();
  EXPECT_FALSE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(std::filesystem::file_size(other), 4u);
}

TEST_F(WorkerListTest, IsForItsOwnerAloneAndGoneWithTheMaster) {
  {
    const WorkerList list = Create();
    struct stat file = {};
    ASSERT_EQ(::stat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 07777, 0600u);
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(WorkerListTest, IsNotReadIfOthersMayHaveWrittenIt) {
  WorkerList list = Create();
  ASSERT_TRUE(list.Add(0, ::getpid()).ok());
  for (const mode_t mode : {0620, 0602}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(WorkerList::Read(path_), IsEmpty());
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  const std::string link = folder_ + "/link";
  std::filesystem::create_symlink(path_, link);
  EXPECT_THAT(WorkerList::Read(link), IsEmpty());
  EXPECT_THAT(WorkerList::Read(folder_), IsEmpty());
  EXPECT_THAT(WorkerList::Read("/nowhere"), IsEmpty());
}

TEST_F(WorkerListTest, GoesOnInAnotherProgram) {
  // As an exec would leave it: nobody destroys it.
  static WorkerList& list = *new WorkerList(Create());
  ASSERT_TRUE(list.Add(0, ::getpid()).ok());
  DescriptorKeep keep;
  const state::v1::WorkerListState state = list.Save(keep);
  DescriptorInheritance inheritance(keep.numbers());
  {
    const auto trial = WorkerList::Restore(state, inheritance);
    ASSERT_TRUE(trial.ok()) << trial.status();
  }
  EXPECT_THAT(WorkerList::Read(path_), ElementsAre(This()));
  DescriptorInheritance once_more(keep.numbers());
  auto resumed = WorkerList::Restore(state, once_more);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  {
    WorkerList next(*std::move(resumed));
    next.Begin();
    ASSERT_TRUE(next.Add(7, ::getpid()).ok());
    EXPECT_THAT(WorkerList::Read(path_), ElementsAre(This(), This()));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace muster::master
