// ctl config diff: the real binary against a real gRPC server that answers as the test wants.

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ConfigDiff : public Ctl {
 protected:
  ConfigDiff() {
    admin_.Answer([](const v1::GetStatusRequest&, v1::Status* status) {
      status->mutable_master()->set_generation(7);
      status->mutable_master()->set_config_file("/srv/m.textproto");
      return grpc::Status::OK;
    });
    check_.set_is_good(true);
    check_.set_is_compared(true);
    admin_.Answer([this](const v1::CheckConfigRequest&, v1::ConfigCheck* check) {
      *check = check_;
      return status_;
    });
    admin_.Answer([this](const v1::CheckConfigTextRequest& request, v1::ConfigCheck* check) {
      sent_ = request.config();
      *check = check_;
      return status_;
    });
  }

  void Differ() {
    v1::ConfigDifference* const one = check_.add_differences();
    one->set_path("worker_processes");
    one->set_before("2");
    one->set_after("4");
  }

  std::string Write(const std::string& text) {
    const std::string path = folder_ + "/next";
    std::ofstream(path) << text;
    return path;
  }

  v1::ConfigCheck check_;
  grpc::Status status_;
  v1::ConfigText sent_;
};

TEST_F(ConfigDiff, IsSilentIfBothMeanTheSame) {
  Serve();
  const Result result = RunCtl({"-m", socket_, "config", "diff"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.error, "");
}

TEST_F(ConfigDiff, ExitsWithOneIfTheyDiffer) {
  Differ();
  Serve();
  const Result result = RunCtl({"-m", socket_, "config", "diff"}, {"TERM=xterm"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.out,
            "--- in force: generation 7\n"
            "+++ /srv/m.textproto\n"
            "-worker_processes: 2\n"
            "+worker_processes: 4\n");
  EXPECT_EQ(result.error, "") << "that they differ is no error";
}

TEST_F(ConfigDiff, SendsAFileOfThisMachine) {
  Differ();
  Serve();
  const std::string path = Write("worker_processes: 4");
  const Result result = RunCtl({"-m", socket_, "config", "diff", path});
  EXPECT_EQ(result.code, 1) << result.error;
  EXPECT_THAT(result.out, HasSubstr(absl::StrCat("+++ ", path, "\n")));
  EXPECT_EQ(sent_.text(), "worker_processes: 4");
  EXPECT_EQ(sent_.format(), v1::ConfigText::TEXT_FORMAT);
}

TEST_F(ConfigDiff, NamesTheLineThatIsNotUtf8) {
  Serve();
  const std::string path = Write("# good\n# caf\xe9\nworker_processes: 4");
  for (const char* command : {"diff", "check"}) {
    const Result result = RunCtl({"-m", socket_, "config", command, path});
    EXPECT_EQ(result.error,
              absl::StrCat("ctl: ", path, ":2: is not UTF-8, and a call can bring nothing else\n"));
  }
}

TEST_F(ConfigDiff, SendsTheNameOfAFileAsItIsShown) {
  Serve();
  const std::string path = folder_ + "/caf\xe9";
  std::ofstream(path) << "worker_processes: 4";
  EXPECT_EQ(RunCtl({"-m", socket_, "config", "diff", path}).code, 0);
  EXPECT_EQ(sent_.name(), folder_ + "/caf\\xe9");
}

TEST_F(ConfigDiff, ReadsStandardInput) {
  Serve();
  // ctl has the standard input of a shell's here-document.
  const auto run = [this](const std::string& text) {
    const std::string path = Write(text);
    const pid_t pid = Spawn(
        {"/bin/sh", "-c", absl::StrCat("exec ", kCtl, " -m ", socket_, " config diff - <", path)},
        {}, STDOUT_FILENO, STDERR_FILENO);
    return Wait(pid);
  };
  EXPECT_EQ(run("worker_processes: 5"), 0);
  EXPECT_EQ(sent_.text(), "worker_processes: 5");
  EXPECT_EQ(sent_.name(), "standard input");
  EXPECT_EQ(sent_.format(), v1::ConfigText::TEXT_FORMAT);
  EXPECT_EQ(run("\n {\"workerProcesses\": 5}"), 0);
  EXPECT_EQ(sent_.format(), v1::ConfigText::JSON);
}

TEST_F(ConfigDiff, TellsMistakesWithTheirPlacesAndExitsWithTwo) {
  check_.Clear();
  v1::ConfigMistake* const mistake = check_.add_mistakes();
  mistake->set_line(3);
  mistake->set_column(5);
  mistake->set_field("lisen");
  mistake->set_description("is unknown");
  Serve();
  const std::string path = Write("x");
  const Result result = RunCtl({"-m", socket_, "config", "diff", path});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.error, absl::StrCat("ctl: the configuration has mistakes:\n", path,
                                       ":3:5: lisen: is unknown\n"));
}

TEST_F(ConfigDiff, ExitsWithTwoWithoutPermissionAndForAFileThatIsNotThere) {
  status_ = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you");
  Serve();
  EXPECT_EQ(RunCtl({"-m", socket_, "config", "diff"}).code, 2);
  const Result result = RunCtl({"-m", socket_, "config", "diff", folder_ + "/none"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.error, AllOf(StartsWith("ctl: open "), HasSubstr("No such file")));
}

TEST_F(ConfigDiff, ExitsWithThreeWithoutAMaster) {
  EXPECT_EQ(RunCtl({"-m", socket_, "config", "diff"}).code, 3);
}

TEST_F(ConfigDiff, DoesNotTakeAnOlderMasterForOneThatFoundNothing) {
  check_.set_is_compared(false);
  Serve();
  const Result result = RunCtl({"-m", socket_, "config", "diff"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.error, HasSubstr("is it older?"));
}

TEST_F(ConfigDiff, IsAListOfPathsInJson) {
  Differ();
  Serve();
  const Result result = RunCtl({"-o", "json", "-m", socket_, "config", "diff"});
  EXPECT_EQ(result.code, 1);
  v1::ConfigCheck printed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &printed).ok()) << result.out;
  ASSERT_EQ(printed.differences_size(), 1);
  EXPECT_EQ(printed.differences(0).path(), "worker_processes");
  EXPECT_EQ(printed.differences(0).after(), "4");
}

}  // namespace
}  // namespace muster::ctl
