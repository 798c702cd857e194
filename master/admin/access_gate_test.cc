#include "muster/master/admin/access_gate.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/process/log.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

const AdminMethod& Reload() { return AdminMethodAt("/muster.admin.v1.Admin/Reload"); }

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

TEST_F(AccessGateTest, AsksTheNewPolicy) {
  gate_.Set(*AccessPolicy::Find({}, {9}));
  EXPECT_TRUE(gate_.Check(mallory_, Reload()).ok());
  EXPECT_FALSE(gate_.Check(owner_, Reload()).ok());
}

}  // namespace
}  // namespace muster::master
