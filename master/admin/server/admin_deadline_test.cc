// What becomes of a change whose caller does not wait for it: a real client, over the socket.

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/proto/admin.grpc.pb.h"

namespace muster::master {
namespace {

// A server whose changes take until they are withdrawn.
class AdminDeadlineTest : public AdminServerTest {
 protected:
  void SetUp() override {
    AdminServerTest::SetUp();
    operations_.reload = [this](const ReloadTerms&, AdminOperations::Reply reply) {
      reply_ = std::move(reply);
      return RequestId{5};
    };
    operations_.quit = [this](AdminOperations::Reply reply) {
      return operations_.reload({}, std::move(reply));
    };
    operations_.withdraw = [this](RequestId request, const std::string& why) {
      withdrawn_ = absl::StrCat(request, ": ", why);
      if (is_undone_) reply_({.status = absl::AbortedError("undone: " + why)});
    };
    Start();
  }

  std::future<grpc::Status> BeginReload(grpc::ClientContext& context) const {
    return std::async(std::launch::async, [this, &context] {
      admin::v1::ReloadResponse response;
      return admin::v1::Admin::NewStub(Connect())->Reload(&context, {}, &response);
    });
  }
  bool Await(const std::function<bool()>& has_happened) {
    return loop::RunUntil(*loop_, has_happened);
  }
  bool Await(const std::future<grpc::Status>& call) {
    return Await(
        [&] { return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  }

  AdminOperations::Reply reply_;
  std::string withdrawn_;
  bool is_undone_ = true;
};

TEST_F(AdminDeadlineTest, TellsTheCallerWhatBecameOfAChangeBeforeItsDeadline) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  auto call = BeginReload(context);
  ASSERT_TRUE(Await(call));
  const grpc::Status status = call.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(status.error_message(), "undone: the deadline of its call came");
  EXPECT_EQ(withdrawn_, "5: the deadline of its call came");
}

TEST_F(AdminDeadlineTest, TellsTheCallerThatAnEndGoesOn) {
  is_undone_ = false;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  auto call = std::async(std::launch::async, [&] {
    admin::v1::QuitResponse response;
    return admin::v1::Admin::NewStub(Connect())->Quit(&context, {}, &response);
  });
  ASSERT_TRUE(Await(call));
  const grpc::Status status = call.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(status.error_message(), "the quit goes on: the deadline of its call came");
  reply_(Outcome());
}

TEST_F(AdminDeadlineTest, WithdrawsAChangeThatItsCallerCancels) {
  // Its connection stays.
  const auto stub = admin::v1::Admin::NewStub(Connect());
  grpc::ClientContext context;
  auto call = std::async(std::launch::async, [&] {
    admin::v1::ReloadResponse response;
    return stub->Reload(&context, {}, &response);
  });
  ASSERT_TRUE(Await([&] { return reply_ != nullptr; }));
  context.TryCancel();
  EXPECT_TRUE(Await([&] { return !withdrawn_.empty(); }));
  EXPECT_EQ(withdrawn_, "5: its caller cancelled it");
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(AdminDeadlineTest, WithdrawsAChangeWhoseCallerIsGone) {
  grpc::ClientContext context;
  auto call = BeginReload(context);
  ASSERT_TRUE(Await([&] { return reply_ != nullptr; }));
  context.TryCancel();  // the channel goes with it
  EXPECT_TRUE(Await([&] { return !withdrawn_.empty(); }));
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(AdminDeadlineTest, WithdrawsNothingWhenTheMasterLeaves) {
  grpc::ClientContext context;
  auto call = BeginReload(context);
  ASSERT_TRUE(Await([&] { return reply_ != nullptr; }));
  server_.reset();
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(withdrawn_, "");
}

}  // namespace
}  // namespace muster::master
