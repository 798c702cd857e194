#include "muster/master/process/pid_file.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <list>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/process/answer_of_child.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

std::string PathOf(const std::string& name) {
  return absl::StrCat(::testing::TempDir(), "/", name, "/run/muster.pid");
}

TEST(PidFile, TellsThePidAsLongAsItLives) {
  const std::string path = PathOf("tells");
  {
    auto file = PidFile::Lock(path);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(PidFile::Read(path).status().code(), absl::StatusCode::kNotFound);
    ASSERT_TRUE(file->Write().ok());
    EXPECT_EQ(*PidFile::Read(path), ::getpid());
  }
  EXPECT_EQ(PidFile::Read(path).status().code(), absl::StatusCode::kNotFound);
}

// What a child finds: a process does not see its own locks.
std::string HolderSeenByAnother(const std::string& path) {
  return AnswerOfChild([&] {
    const auto holder = PidFile::FindHolder(path);
    return !holder.ok()           ? std::string(holder.status().message())
           : !holder->has_value() ? "nobody"
                                  : absl::StrCat(**holder);
  });
}

TEST(PidFile, TellsAnotherProcessWhoHasIt) {
  const std::string path = PathOf("holder");
  EXPECT_EQ(HolderSeenByAnother(path), "nobody");
  EXPECT_FALSE(std::ifstream(path + ".lock").good());
  {
    const auto file = PidFile::Lock(path);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(HolderSeenByAnother(path), absl::StrCat(::getpid()));
  }
  EXPECT_EQ(HolderSeenByAnother(path), "nobody");
}

TEST(PidFile, KeepsASecondMasterOutAndNamesTheFirst) {
  const std::string path = PathOf("second");
  const auto file = PidFile::Lock(path);
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string first = absl::StrCat("another master (pid ", ::getpid(), ") already runs");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = PidFile::Lock(path);
    const bool is_right = second.status().code() == absl::StatusCode::kAlreadyExists &&
                          std::string(second.status().message()).find(first) != std::string::npos;
    ::_exit(is_right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(PidFile, IsTakenOverFromAMasterThatWasKilled) {
  const std::string path = PathOf("killed");
  int written[2];
  ASSERT_EQ(::pipe(written), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto file = PidFile::Lock(path);
    const bool is_written = file.ok() && file->Write().ok();
    if (::write(written[1], is_written ? "y" : "n", 1) != 1) ::_exit(1);
    ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(written[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ASSERT_EQ(*PidFile::Read(path), child);

  auto file = PidFile::Lock(path);

  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Write().ok());
  EXPECT_EQ(*PidFile::Read(path), ::getpid());
}

TEST(PidFile, LeavesTheFileThatReplacedItsOwn) {
  const std::string path = PathOf("foreign");
  {
    auto file = PidFile::Lock(path);
    ASSERT_TRUE(file.ok() && file->Write().ok());
    std::ofstream(path + ".other") << "4711\n";
    ASSERT_EQ(std::rename((path + ".other").c_str(), path.c_str()), 0);
  }
  EXPECT_EQ(*PidFile::Read(path), 4711);
  ::unlink(path.c_str());
}

std::string MasterSeenByAnother(const std::string& path) {
  return AnswerOfChild([&] {
    const auto master = PidFile::FindMaster(path);
    return master.ok() ? absl::StrCat(master->pid()) : std::string(master.status().message());
  });
}

TEST(PidFile, NamesTheMasterThatHasLockedIt) {
  const std::string path = PathOf("master");
  auto file = PidFile::Lock(path);
  ASSERT_TRUE(file.ok() && file->Write().ok());
  EXPECT_EQ(MasterSeenByAnother(path), absl::StrCat(::getpid()));
}

TEST(PidFile, NamesNoMasterByAStaleFile) {
  const std::string path = PathOf("stale");
  EXPECT_EQ(MasterSeenByAnother(path), absl::StrCat("no master runs: there is no ", path));
  { ASSERT_TRUE(PidFile::Lock(path).ok()); }
  // This process is alive, and no master.
  std::ofstream(path) << ::getpid() << "\n";
  EXPECT_EQ(MasterSeenByAnother(path),
            absl::StrCat("no master runs: process ", ::getpid(), ", which ", path,
                         " names, has not locked it, and was sent nothing"));
}

TEST(PidFile, NamesNoMasterThatIsNotTheLocker) {
  const std::string path = PathOf("other");
  const auto file = PidFile::Lock(path);
  ASSERT_TRUE(file.ok());
  EXPECT_THAT(MasterSeenByAnother(path),
              HasSubstr("which does not exist yet; no process was sent"));
  std::ofstream(path) << ::getppid() << "\n";
  EXPECT_THAT(MasterSeenByAnother(path),
              HasSubstr(absl::StrCat("process ", ::getpid(), " has locked ", path,
                                     ", which names process ", ::getppid())));
}

TEST(PidFile, RefusesToReadWhatIsNoPid) {
  const std::string path = ::testing::TempDir() + "/garbage.pid";
  for (const char* text : {"", "x", "-1", "0", "12x"}) {
    std::ofstream(path, std::ios::trunc) << text;
    EXPECT_THAT(std::string(PidFile::Read(path).status().message()), HasSubstr("is not a pid"))
        << text;
  }
}

TEST(PidFile, IsLeftAsItIsByAProgramThatDoesNotTakeOver) {
  const std::string path = PathOf("trial");
  auto file = PidFile::Lock(path);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Write().ok());
  DescriptorKeep keep;
  const state::v1::PidFileState state = file->Save(keep);
  DescriptorInheritance inheritance(keep.numbers());
  {
    const auto trial = PidFile::Restore(state, inheritance);
    ASSERT_TRUE(trial.ok()) << trial.status();
    EXPECT_EQ(trial->path(), path);
  }
  EXPECT_EQ(*PidFile::Read(path), ::getpid());
  EXPECT_EQ(HolderSeenByAnother(path), absl::StrCat(::getpid()));
}

TEST(PidFile, KeepsItsLockInAProgramThatTakesOver) {
  const std::string path = PathOf("resumed");
  auto file = PidFile::Lock(path);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Write().ok());
  DescriptorKeep keep;
  state::v1::PidFileState state = file->Save(keep);
  // As an exec would: the objects are gone, and the descriptors are open.
  static std::list<PidFile>& gone = *new std::list<PidFile>;  // never destroyed
  gone.push_back(*std::move(file));
  for (int i = 0; i < 2; ++i) {
    DescriptorInheritance inheritance(keep.numbers());
    auto resumed = PidFile::Restore(state, inheritance);
    ASSERT_TRUE(resumed.ok()) << resumed.status();
    inheritance.Settle();
    resumed->Begin();
    EXPECT_EQ(HolderSeenByAnother(path), absl::StrCat(::getpid())) << i;
    keep = DescriptorKeep();
    state = resumed->Save(keep);
    if (i == 0) gone.push_back(*std::move(resumed));
  }
  // The last one was the master's end.
  EXPECT_EQ(PidFile::Read(path).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(HolderSeenByAnother(path), "nobody");
}

TEST(PidFile, RefusesAStateWithoutAPathOrALock) {
  DescriptorInheritance inheritance({});
  state::v1::PidFileState state;
  EXPECT_EQ(PidFile::Restore(state, inheritance).status().message(), "pid_file.path: is missing");
  state.set_path("/run/pid");
  state.set_lock(77);
  EXPECT_EQ(PidFile::Restore(state, inheritance).status().message(),
            "pid_file.lock: descriptor 77 was not passed on");
}

}  // namespace
}  // namespace muster::master
