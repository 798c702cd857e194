// The real binary and several masters at once.

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class SeveralMasters : public Ctl {
 protected:
  SeveralMasters() {
    for (FakeAdmin* admin : {&admin_, &other_}) {
      const int pid = admin == &admin_ ? 4711 : 4712;
      admin->Answer([pid](const v1::GetStatusRequest&, v1::Status* status) {
        status->mutable_master()->set_pid(pid);
        return grpc::Status::OK;
      });
      admin->Answer([pid](const v1::ListWorkersRequest&, v1::ListWorkersResponse* response) {
        response->add_workers()->set_pid(pid);
        return grpc::Status::OK;
      });
    }
  }

  void ServeBoth() {
    admin_.ServeUnix(socket_);
    other_.ServeUnix(folder_ + "/other.sock");
  }

  Result Ask(const std::string& masters, std::vector<std::string> command) {
    command.insert(command.begin(), {"--master", masters});
    return RunCtl(command, {"BUILD_WORKING_DIRECTORY=" + folder_});
  }

  FakeAdmin other_;
};

TEST_F(SeveralMasters, AreShownInOneTable) {
  ServeBoth();
  const Result result = Ask("./admin.sock,./other.sock", {"status"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.out, MatchesRegex("MASTER +STATE +PID .*\n"
                                       "\\./admin\\.sock +.* 4711 .*\n"
                                       "\\./other\\.sock +.* 4712 .*\n"));
}

TEST_F(SeveralMasters, HaveTheirWorkersInOneTable) {
  ServeBoth();
  EXPECT_THAT(Ask("./admin.sock,./other.sock", {"workers"}).out,
              MatchesRegex("MASTER +WORKER .*\n"
                           "\\./admin\\.sock .* 4711 .*\n"
                           "\\./other\\.sock .* 4712 .*\n"));
}

TEST_F(SeveralMasters, OfWhichOneDoesNotAnswerAreShownAllTheSame) {
  ServeBoth();
  const Result result = Ask("./admin.sock,./gone.sock,./other.sock", {"status"});
  EXPECT_EQ(result.code, 5);
  EXPECT_THAT(result.out, AllOf(HasSubstr("4711"), HasSubstr("4712"),
                                HasSubstr("\n./gone.sock   no master there: connect unix:" +
                                          folder_ + "/gone.sock: No such file or directory\n")));
  EXPECT_EQ(result.error, "ctl: 1 of 3 masters did not answer\n");
}

TEST_F(SeveralMasters, OfWhichNoneAnswersHaveTheExitCodeOfTheFirst) {
  const Result result = Ask("./a.sock,./b.sock", {"status"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.out, AllOf(HasSubstr("a.sock"), HasSubstr("b.sock")));
}

TEST_F(SeveralMasters, AreOneObjectForPrograms) {
  ServeBoth();
  const Result result = Ask("./admin.sock,./gone.sock", {"-o", "json", "status"});
  google::protobuf::Struct json;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &json).ok()) << result.out;
  const auto& masters = json.fields().at("masters").list_value();
  ASSERT_EQ(masters.values_size(), 2);
  const auto& first = masters.values(0).struct_value().fields();
  EXPECT_EQ(first.at("master").string_value(), "./admin.sock");
  EXPECT_EQ(first.at("answer")
                .struct_value()
                .fields()
                .at("master")
                .struct_value()
                .fields()
                .at("pid")
                .number_value(),
            4711);
  const auto& second = masters.values(1).struct_value().fields();
  EXPECT_EQ(second.at("exitCode").number_value(), 3);
  EXPECT_THAT(second.at("error").string_value(), StartsWith("no master there"));
}

TEST_F(SeveralMasters, AreNotGivenOrders) {
  ServeBoth();
  const Result result = Ask("./admin.sock,./other.sock", {"reload"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.error, "ctl: reload takes one master; --master has 2\n");
}

}  // namespace
}  // namespace muster::ctl
