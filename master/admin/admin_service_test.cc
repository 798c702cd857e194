#include "muster/master/admin/admin_service.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/admin/access_gate.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;

// A service of whose operations it is noted which were asked for.
class AdminServiceTest : public testing::Test {
 protected:
  AdminOperations Operations() {
    const auto note = [this](std::string name) {
      return [this, name](const AdminOperations::Reply& reply) {
        asked_.push_back(name);
        reply(Outcome());
        return RequestId{1};
      };
    };
    return {
        .status =
            [this] {
              asked_.push_back("status");
              admin::v1::Status status;
              status.mutable_master()->set_pid(101);
              status.add_workers();
              status.mutable_stats()->set_crashes(3);
              return status;
            },
        .write_status =
            [this](StatusPart part) {
              asked_.push_back(part == StatusPart::kStatus        ? "Status"
                               : part == StatusPart::kListWorkers ? "ListWorkersResponse"
                                                                  : "Stats");
              return std::string("abc");
            },
        .generation = [] { return 7; },
        .reload = [ask = note("reload")](
                      const ReloadTerms&,
                      const AdminOperations::Reply& reply) { return ask(reply); },
        .rollback = [ask = note("rollback")](
                        const RollbackEvent&,
                        const AdminOperations::Reply& reply) { return ask(reply); },
        .change_workers = [ask = note("change_workers")](
                              const WorkerOrderEvent&,
                              const AdminOperations::Reply& reply) { return ask(reply); },
        .upgrade = [ask = note("upgrade")](
                       const UpgradeEvent&,
                       const AdminOperations::Reply& reply) { return ask(reply); },
        .reopen = note("reopen"),
        .pause = note("pause"),
        .resume = [ask = note("resume")](
                      const std::string&,
                      const AdminOperations::Reply& reply) { return ask(reply); },
        .quit = note("quit"),
        .stop = note("stop"),
        .withdraw = [](RequestId, const std::string&) {},
        .audit = &call_.audit(),
        .events = &call_.events(),
    };
  }

  std::vector<std::string> asked_;
  TestCall call_;
  const grpc::ByteBuffer no_bytes_;
  const AdminOperations operations_ = Operations();
  AccessGate gate_{call_.audit(), *AccessPolicy::Find({}, {0})};
  Watches watches_{call_.events(), operations_.status};
  AdminService service_{call_.loop(), operations_, call_.log(), gate_, watches_, Peer(), nullptr};
};

TEST_F(AdminServiceTest, LeadsGetStatusToTheStatus) {
  grpc::ByteBuffer response;
  call_.Bind(service_.GetStatus(call_.context(), &no_bytes_, &response));
  EXPECT_THAT(asked_, ElementsAre("Status"));
  EXPECT_EQ(response.Length(), 3u);
}

TEST_F(AdminServiceTest, LeadsListWorkersToTheWorkers) {
  grpc::ByteBuffer response;
  call_.Bind(service_.ListWorkers(call_.context(), &no_bytes_, &response));
  EXPECT_THAT(asked_, ElementsAre("ListWorkersResponse"));
}

TEST_F(AdminServiceTest, LeadsGetStatsToTheStats) {
  grpc::ByteBuffer response;
  call_.Bind(service_.GetStats(call_.context(), &no_bytes_, &response));
  EXPECT_THAT(asked_, ElementsAre("Stats"));
}

TEST_F(AdminServiceTest, RefusesARequestOfAStatusThatIsNoMessage) {
  const grpc::Slice slice("\xff");
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  call_.Bind(service_.GetStatus(call_.context(), &request, &response));
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(call_.status()->error_message(), "the request is not a GetStatusRequest");
  EXPECT_THAT(asked_, ElementsAre());
}

TEST_F(AdminServiceTest, LeadsReloadToAReload) {
  admin::v1::ReloadRequest request;
  admin::v1::ReloadResponse response;
  call_.Bind(service_.Reload(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("reload", "status"));
}

TEST_F(AdminServiceTest, LeadsReopenToAReopen) {
  admin::v1::ReopenRequest request;
  admin::v1::ReopenResponse response;
  call_.Bind(service_.Reopen(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("reopen"));
}

TEST_F(AdminServiceTest, LeadsPauseToAPause) {
  admin::v1::PauseRequest request;
  admin::v1::PauseResponse response;
  call_.Bind(service_.Pause(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("pause"));
}

TEST_F(AdminServiceTest, LeadsResumeToAResumption) {
  admin::v1::ResumeRequest request;
  admin::v1::ResumeResponse response;
  call_.Bind(service_.Resume(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("resume", "status"));
}

TEST_F(AdminServiceTest, LeadsRollbackToARollback) {
  admin::v1::RollbackRequest request;
  admin::v1::ReloadResponse response;
  call_.Bind(service_.Rollback(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("rollback", "status"));
}

TEST_F(AdminServiceTest, LeadsRestartToAChangeOfWorkers) {
  admin::v1::RestartRequest request;
  admin::v1::RestartResponse response;
  call_.Bind(service_.Restart(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("change_workers"));
}

TEST_F(AdminServiceTest, LeadsTheCallsOfAnUpgradeToThat) {
  admin::v1::UpgradeRequest request;
  admin::v1::UpgradeResponse response;
  call_.Bind(service_.Upgrade(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("upgrade", "status"));
}

TEST_F(AdminServiceTest, LeadsQuitToAQuit) {
  admin::v1::QuitRequest request;
  admin::v1::QuitResponse response;
  call_.Bind(service_.Quit(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("quit"));
}

TEST_F(AdminServiceTest, LeadsStopToAStop) {
  admin::v1::StopRequest request;
  admin::v1::StopResponse response;
  call_.Bind(service_.Stop(call_.context(), &request, &response));
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre("stop"));
}

TEST_F(AdminServiceTest, AnswersNothingMoreOnceItIsClosed) {
  service_.Close();
  admin::v1::QuitRequest request;
  admin::v1::QuitResponse response;
  call_.Bind(service_.Quit(call_.context(), &request, &response));
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::UNAVAILABLE);
  call_.RunLoop();
  EXPECT_THAT(asked_, ElementsAre());
}

}  // namespace
}  // namespace muster::master
