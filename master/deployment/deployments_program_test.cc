// The worker programs of deployments that are restored: those that they had, and the next one.

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/master/deployment/deployments_state_fixture.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using DeploymentsProgramTest = DeploymentsStateTest;

TEST_F(DeploymentsProgramTest, StartTheProgramThatWasPinned) {
  const std::string path = Program("worker", "exit 5");
  Serve("listen { address: '127.0.0.1:0' }", path);
  std::filesystem::remove(path);
  Program("worker", "exit 6");
  RestoreAgain();
  auto child = again_->current()->worker->Start({}, {});
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(child->Wait(ipc::PidFd::Reap::kYes)->ToString(), "exited with code 5");
}

TEST_F(DeploymentsProgramTest, KeepAPathThatIsNoUtf8) {
  const std::string path = Program("worker\xff", "exit 5");
  Serve("listen { address: '127.0.0.1:0' }", path);
  RestoreAgain();
  EXPECT_EQ(again_->current()->worker->path(), path);
  EXPECT_EQ(again_->source().worker_binary, path);
}

TEST_F(DeploymentsProgramTest, FindTheProgramAnewForAnUpgrade) {
  const std::string before = Program("before", "exit 5");
  const std::string after = Program("after", "exit 6");
  Serve("worker_processes: 2 listen { address: '127.0.0.1:0' }", before);
  RestoreAgain();
  again_->Begin();
  Write("this is no configuration");  // and it is not read
  ASSERT_TRUE(Await(again_->LoadWithProgram(++load_, 1, 0, after)).ok());
  EXPECT_EQ(again_->next()->worker->path(), after);
  EXPECT_EQ(again_->next()->config.worker_processes(), 2u);
  EXPECT_EQ(again_->next()->identity.hash, again_->current()->identity.hash);
  EXPECT_EQ(again_->source().worker_binary, before);
  ASSERT_TRUE(again_->ListenOnNext().ok());
  again_->Commit(2);
  EXPECT_EQ(again_->source().worker_binary, after) << "it stands for --worker from now on";
  // The file at its old path is another one by now.
  std::filesystem::remove(after);
  Program("after", "exit 7");
  ASSERT_TRUE(Await(again_->LoadWithProgram(++load_, 2, 5, "")).ok());
  EXPECT_EQ(again_->next()->config.worker_processes(), 5u);
  auto child = again_->next()->worker->Start({}, {});
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(child->Wait(ipc::PidFd::Reap::kYes)->ToString(), "exited with code 7");
  EXPECT_TRUE(absl::IsNotFound(again_->LoadWithProgram(++load_, 9, 0, "")));
}

TEST_F(DeploymentsProgramTest, TellWhetherAProgramCouldBeReloaded) {
  Serve("listen { address: '127.0.0.1:0' }");
  RestoreAgain();
  EXPECT_TRUE(again_->TryProgram("").ok()) << again_->TryProgram("");
  EXPECT_EQ(again_->TryProgram("/nowhere/worker").message(),
            "--worker: worker program /nowhere/worker: No such file or directory");
}

TEST_F(DeploymentsProgramTest, TellWhereTheConfigurationHasWhatAnotherProgramDoesNotServe) {
  worker::v1::Description description;
  description.set_version("1.0.0");
  description.add_handler("echo");
  std::ofstream(folder_ + "/description") << description.SerializeAsString();
  const std::string knows = Program("knows", absl::StrCat("exec cat ", folder_, "/description"));
  Serve("listen { address: '127.0.0.1:0' } http { location { path: '/e' handler: 'echo' } }",
        knows);
  RestoreAgain();
  EXPECT_TRUE(again_->TryProgram("").ok()) << again_->TryProgram("");
  const absl::Status other =
      again_->TryProgram(std::filesystem::absolute("worker/worker").string());
  EXPECT_THAT(std::string(other.message()), StartsWith("the configuration in force:"));
  EXPECT_THAT(std::string(other.message()),
              HasSubstr("http.location[0].handler: the worker program has no \"echo\""));
  again_->Begin();
  EXPECT_EQ(Await(again_->LoadWithProgram(++load_, 1, 0,
                                          std::filesystem::absolute("worker/worker").string())),
            other)
      << "a reload says the same";
}

}  // namespace
}  // namespace muster::master
