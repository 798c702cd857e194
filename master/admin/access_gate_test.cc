#include "muster/master/admin/access_gate.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/process/log.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

const config::AdminMethod& Reload() {
  return config::AdminMethodAt("/muster.admin.v1.Admin/Reload");
}

const config::AdminMethod& WatchEvents() {
  return config::AdminMethodAt("/muster.admin.v1.Admin/WatchEvents");
}

class AccessGateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config::v1::Log log;
    log.set_path(path_);
    ASSERT_TRUE(log_.Configure(log).ok());
  }
  ~AccessGateTest() override { ::unlink(path_.c_str()); }

  void Refuse(int calls) {
    for (int i = 0; i < calls; ++i) {
      const grpc::Status status = gate_.Check(mallory_, Reload());
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
      EXPECT_EQ(status.error_message(),
                "uid 9 may not call Reload: no rule of admin.allow allows it");
    }
  }
  // What is in the log by now.
  std::string ReadLog() {
    std::ifstream file(path_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  const std::string path_ = ::testing::TempDir() + "/access_gate.log";
  const Caller owner_{{"uid:1000"}, "uid 1000"};
  const Caller mallory_{{"uid:9"}, "uid 9"};
  Log log_;
  EventRing events_;
  CallAudit audit_{events_, log_};
  AccessGate gate_{audit_, *AccessPolicy::Find({}, {1000})};
};

TEST_F(AccessGateTest, LetsThroughWhatThePolicyAllows) {
  EXPECT_TRUE(gate_.Check(owner_, Reload()).ok());
  EXPECT_EQ(ReadLog(), "");
}

TEST_F(AccessGateTest, WritesWhomItRefused) {
  Refuse(1);
  EXPECT_THAT(ReadLog(), HasSubstr("warning audit: id="));
  EXPECT_THAT(ReadLog(), HasSubstr("caller=\"uid 9\" method=Reload generation_before=0 "
                                   "generation_after=0 code=PERMISSION_DENIED message=\"no rule of "
                                   "admin.allow allows it\""));
  EXPECT_EQ(events_.Read(1, 1).events[0]->kind(), admin::v1::Event::CALL_REFUSED);
}

TEST_F(AccessGateTest, RefusesOneWhoHasTooManyCallsUnderWay) {
  gate_.Set(*AccessPolicy::Find({}, {1000}), {.calls = 1, .streams = 1});
  const int first = 0;
  const int second = 0;
  EXPECT_TRUE(gate_.Check(owner_, Reload(), {.context = &first}).ok());
  const grpc::Status refused = gate_.Check(owner_, Reload(), {.context = &second});
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(),
            "uid:1000 has 1 calls under way; admin.calls_per_caller allows 1");
  EXPECT_THAT(refused.error_details(), HasSubstr("TOO_MANY_CALLS"));
  EXPECT_THAT(ReadLog(), HasSubstr("method=Reload generation_before=0 generation_after=0 "
                                   "code=RESOURCE_EXHAUSTED message=\"uid:1000 has 1 calls"));
  EXPECT_TRUE(gate_.Check(owner_, WatchEvents(), {.context = &second}).ok()) << "a stream";
  gate_.Leave(&first);
  EXPECT_TRUE(gate_.Check(owner_, Reload(), {.context = &first}).ok());
}

TEST_F(AccessGateTest, EndsTheStreamsThatNewRulesDenyAndNoOthers) {
  std::vector<grpc::Status> mallorys;
  std::vector<grpc::Status> owners;
  gate_.Set(*AccessPolicy::Find({}, {9, 1000}));
  const auto a = gate_.Follow(mallory_, WatchEvents(), "deploy-1",
                              [&](const grpc::Status& why) { mallorys.push_back(why); });
  auto gone = gate_.Follow(mallory_, WatchEvents(), "",
                           [](const grpc::Status&) { FAIL() << "it is over"; });
  gone.reset();
  const auto b = gate_.Follow(owner_, WatchEvents(), "",
                              [&](const grpc::Status& why) { owners.push_back(why); });
  gate_.Set(*AccessPolicy::Find({}, {1000}));
  ASSERT_EQ(mallorys.size(), 1u);
  EXPECT_EQ(mallorys[0].error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(mallorys[0].error_message(),
            "uid 9 may not call WatchEvents: no rule of admin.allow allows it");
  EXPECT_THAT(ReadLog(), HasSubstr("audit: id=deploy-1 caller=\"uid 9\" method=WatchEvents"));
  EXPECT_TRUE(owners.empty());
}

TEST_F(AccessGateTest, EndsAStreamThatTheRulesDenyByTheTimeItIsFollowed) {
  int denied = 0;
  const auto stream =
      gate_.Follow(mallory_, WatchEvents(), "", [&](const grpc::Status&) { ++denied; });
  EXPECT_EQ(denied, 1);
}

TEST_F(AccessGateTest, AsksTheNewPolicy) {
  gate_.Set(*AccessPolicy::Find({}, {9}));
  EXPECT_TRUE(gate_.Check(mallory_, Reload()).ok());
  EXPECT_FALSE(gate_.Check(owner_, Reload()).ok());
}

}  // namespace
}  // namespace muster::master
