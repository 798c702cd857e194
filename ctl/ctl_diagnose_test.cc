// What ctl diagnose writes.

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

google::protobuf::Struct Parsed(const std::string& text) {
  google::protobuf::Struct json;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &json).ok()) << text;
  return json;
}

class CtlDiagnose : public Ctl {
 protected:
  CtlDiagnose() {
    admin_.Answer([](const v1::GetStatusRequest&, v1::Status* status) {
      status->mutable_master()->set_version("1.2.3");
      return grpc::Status::OK;
    });
    admin_.Answer([](const v1::ListCallsRequest&, v1::ListCallsResponse*) {
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for \"you\"");
    });
    admin_.Answer([](const v1::GetConfigRequest&, v1::ActiveConfig* config) {
      config->set_text("worker_processes: 2");
      return grpc::Status::OK;
    });
    admin_.Stream([](const v1::WatchEventsRequest& request,
                     const FakeAdmin::Writer<v1::WatchEventsResponse>& write) {
      v1::WatchEventsResponse batch;
      if (request.from() > 0) batch.add_events()->set_text("something");
      batch.set_next(2);
      batch.set_end(2);
      write(batch);
      return grpc::Status::OK;
    });
    Serve();
  }

  Result Diagnose(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"-m", socket_, "diagnose"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunCtl(all, {"BUILD_WORKING_DIRECTORY=" + folder_});
  }
};

TEST_F(CtlDiagnose, IsOneObjectWithAllParts) {
  const Result result = Diagnose({"-"});
  ASSERT_EQ(result.code, 0) << result.error;
  const auto json = Parsed(result.out);
  const auto& fields = json.fields();
  EXPECT_EQ(fields.at("status")
                .struct_value()
                .fields()
                .at("master")
                .struct_value()
                .fields()
                .at("version")
                .string_value(),
            "1.2.3");
  EXPECT_EQ(
      fields.at("events").list_value().values(0).struct_value().fields().at("text").string_value(),
      "something");
  EXPECT_EQ(fields.at("config").struct_value().fields().at("text").string_value(),
            "worker_processes: 2");
  EXPECT_EQ(fields.count("zones") + fields.count("locks"), 2u);
  EXPECT_THAT(fields.at("limits").list_value().values(0).string_value(), StartsWith("Limit"));
  EXPECT_THAT(fields.at("machine").struct_value().fields().at("kernel").string_value(),
              StartsWith("Linux"));
}

TEST_F(CtlDiagnose, TellsWhatItCouldNotFindOut) {
  const auto json = Parsed(Diagnose({"-"}).out);
  EXPECT_EQ(json.fields().at("calls").struct_value().fields().at("error").string_value(),
            "not for \"you\"");
}

TEST_F(CtlDiagnose, WritesAFileForItsOwnerAlone) {
  const Result result = Diagnose({"report.json"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(result.out, "wrote report.json\n");
  std::ifstream file(folder_ + "/report.json");
  Parsed({std::istreambuf_iterator<char>(file), {}});
  struct stat status;
  ASSERT_EQ(::stat((folder_ + "/report.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_THAT(Diagnose({}).out, MatchesRegex("wrote diagnosis-[0-9]+-[0-9]+\\.json\n"));
}

TEST_F(CtlDiagnose, IsWrittenWithoutAMaster) {
  StopServing();
  const Result result = Diagnose({"report.json"});
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.out, "wrote report.json, without the master\n");
  EXPECT_THAT(result.error, StartsWith("ctl: no master there:"));
  std::ifstream file(folder_ + "/report.json");
  const auto json = Parsed({std::istreambuf_iterator<char>(file), {}});
  for (const char* part : {"status", "config", "zones", "locks", "calls", "events", "limits"}) {
    EXPECT_THAT(json.fields().at(part).struct_value().fields().at("error").string_value(),
                StartsWith("no master there:"))
        << part;
  }
  EXPECT_EQ(json.fields().count("machine"), 1u);
}

TEST_F(CtlDiagnose, WaitsOnceForAMasterThatDoesNotAnswer) {
  std::promise<void> end;
  std::atomic<int> calls = 0;
  StopServing();
  admin_.Answer(
      [&calls, ended = end.get_future().share()](const v1::GetStatusRequest&, v1::Status*) {
        ++calls;
        ended.wait();
        return grpc::Status::OK;
      });
  admin_.Answer([&calls](const v1::GetConfigRequest&, v1::ActiveConfig*) {
    ++calls;
    return grpc::Status::OK;
  });
  Serve();
  const Result result = Diagnose({"--timeout", "300ms", "-"});
  EXPECT_EQ(result.code, 4);
  EXPECT_EQ(calls, 1);
  const auto json = Parsed(result.out);
  EXPECT_THAT(json.fields().at("status").struct_value().fields().at("error").string_value(),
              HasSubstr("no answer within"));
  EXPECT_THAT(json.fields().at("config").struct_value().fields().at("error").string_value(),
              HasSubstr("not asked"));
  EXPECT_THAT(json.fields().at("process").list_value().values(0).string_value(),
              StartsWith("Name:"));
  end.set_value();
}

TEST_F(CtlDiagnose, WritesNothingAfterWrongUsage) {
  const Result result =
      RunCtl({"-m", "http://x", "diagnose", folder_ + "/report.json"}, {"HOME=/nonexistent"});
  EXPECT_EQ(result.code, 2);
  EXPECT_FALSE(std::ifstream(folder_ + "/report.json").good());
}

TEST_F(CtlDiagnose, OverwritesNothing) {
  std::ofstream(folder_ + "/report.json") << "mine";
  const Result result = Diagnose({"report.json"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("report.json: File exists"));
}

}  // namespace
}  // namespace muster::ctl
