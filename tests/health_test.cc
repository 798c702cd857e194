// What the real master tells health probes. docs/CTL.md has the names.

#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "muster/proto/health.grpc.pb.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr auto kServing = HealthCheckResponse::SERVING;
constexpr auto kNotServing = HealthCheckResponse::NOT_SERVING;

// A master with two workers, and a probe.
class HealthTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    probe_ = Health::NewStub(grpc::CreateChannel(absl::StrCat("unix:", muster_.path("admin.sock")),
                                                 grpc::InsecureChannelCredentials()));
  }

  HealthCheckResponse::ServingStatus Check(const std::string& name) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    HealthCheckRequest request;
    request.set_service(name);
    HealthCheckResponse response;
    const grpc::Status status = probe_->Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status();
  }
  // False: it is not so after kPatience.
  bool Await(const std::string& name, HealthCheckResponse::ServingStatus wanted) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (Check(name) != wanted) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  RunningMaster muster_;
  std::unique_ptr<Health::Stub> probe_;
};

TEST_F(HealthTest, IsServingOnceTheMasterIsReady) {
  EXPECT_EQ(Check(""), kServing);
  EXPECT_EQ(Check("muster.admin.v1.Admin"), kServing);
  EXPECT_EQ(Check("worker/0"), kServing);
  EXPECT_EQ(Check("worker/1"), kServing);
}

TEST_F(HealthTest, CountsNoWorkerThatIsStopped) {
  const std::vector<pid_t> workers = muster_.WorkerPids();
  ::kill(workers.at(0), SIGSTOP);
  EXPECT_TRUE(Await("worker/0", kNotServing));
  EXPECT_EQ(Check(""), kServing);
  ::kill(workers.at(1), SIGSTOP);
  EXPECT_TRUE(Await("", kNotServing));
  EXPECT_EQ(Check("muster.admin.v1.Admin"), kServing);
  ::kill(workers.at(0), SIGCONT);
  EXPECT_TRUE(Await("", kServing));
  EXPECT_TRUE(Await("worker/0", kServing));
  EXPECT_EQ(Check("worker/1"), kNotServing);
  ::kill(workers.at(1), SIGCONT);
}

TEST_F(HealthTest, ShowsAWorkerThatIsStoppedAsHung) {
  const pid_t worker = muster_.WorkerPids().at(0);
  ::kill(worker, SIGSTOP);
  EXPECT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers(0).state() == admin::v1::Worker::HUNG &&
           status.workers(0).hung_for().seconds() >= 1;
  }));
  EXPECT_THAT(muster_.Ctl({"status"}).output,
              AllOf(HasSubstr("1 of 2 serving"), ContainsRegex(" hung [0-9]+s ")));
  ::kill(worker, SIGCONT);
  EXPECT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers(0).state() == admin::v1::Worker::SERVING &&
           !status.workers(0).has_hung_for();
  }));
}

TEST_F(HealthTest, StaysServingOverAReload) {
  const auto stream_of = [&](grpc::ClientContext& context) {
    HealthCheckRequest request;
    request.set_service("worker/0");
    return probe_->Watch(&context, request);
  };
  grpc::ClientContext context;
  const auto stream = stream_of(context);
  HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), kServing);
  EXPECT_EQ(muster_.Ctl({"reload"}).exit, 0);
  // The next thing that the stream tells is the end.
  EXPECT_EQ(muster_.Ctl({"quit"}).exit, 0);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), kNotServing);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthTest, IsNotServingWhileTheMasterIsStopping) {
  const pid_t worker = muster_.WorkerPids().at(0);
  ::kill(worker, SIGSTOP);  // so that the end takes a while
  muster_.master().Signal(SIGQUIT);
  EXPECT_TRUE(Await("", kNotServing));
  EXPECT_TRUE(Await("muster.admin.v1.Admin", kNotServing));
  ::kill(worker, SIGCONT);
  EXPECT_EQ(muster_.master().Wait(), 0);
}

}  // namespace
}  // namespace muster::tests
