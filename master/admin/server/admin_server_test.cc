#include "muster/master/admin/server/admin_server.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/proto/admin.grpc.pb.h"
#include "muster/proto/health.grpc.pb.h"
#include "muster/proto/reflection.grpc.pb.h"

namespace muster::master {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::reflection::v1alpha::ServerReflection;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

TEST_F(AdminServerTest, TellsTheStatus) {
  Start();
  admin::v1::Status status;
  const grpc::Status outcome = Serve([&] {
    grpc::ClientContext context;
    return admin::v1::Admin::NewStub(Connect())->GetStatus(&context, {}, &status);
  });
  EXPECT_TRUE(outcome.ok()) << outcome.error_message();
  EXPECT_EQ(status.master().generation(), 7u);
}

TEST_F(AdminServerTest, AnswersAReloadWithTheNewGenerationsWorkers) {
  operations_.reload = [](const ReloadTerms&, AdminOperations::Reply reply) {
    Outcome outcome;
    outcome.generation = 7;
    outcome.took = std::chrono::milliseconds(1500);
    reply(outcome);
    return RequestId{1};
  };
  Start();
  admin::v1::ReloadResponse response;
  ASSERT_TRUE(Reload(&response).ok());
  EXPECT_EQ(response.generation(), 7u);
  EXPECT_EQ(response.workers_size(), 1);
  EXPECT_EQ(response.took().seconds(), 1);
  EXPECT_EQ(response.took().nanos(), 500'000'000);
}

TEST_F(AdminServerTest, AnswersARefusedReloadWithTheReason) {
  operations_.reload = [](const ReloadTerms&, AdminOperations::Reply reply) {
    Outcome outcome;
    outcome.status = absl::InvalidArgumentError("muster.textproto:3:1: acept: unknown");
    reply(outcome);
    return RequestId{1};
  };
  Start();
  admin::v1::ReloadResponse response;
  const grpc::Status status = Reload(&response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "muster.textproto:3:1: acept: unknown");
}

TEST_F(AdminServerTest, SurvivesAClientThatLeftBeforeTheAnswer) {
  AdminOperations::Reply late;
  operations_.reload = [&](const ReloadTerms&, AdminOperations::Reply reply) {
    late = std::move(reply);
    loop_->Stop();
    return RequestId{1};
  };
  Start();
  grpc::ClientContext context;
  auto call = std::async(std::launch::async, [&] {
    admin::v1::ReloadResponse response;
    return admin::v1::Admin::NewStub(Connect())->Reload(&context, {}, &response);
  });
  ASSERT_TRUE(loop_->Run().ok());
  context.TryCancel();
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
  late(Outcome());
  server_.reset();
}

TEST_F(AdminServerTest, EndsTheCallsThatWaitWhenItGoes) {
  operations_.quit = [&](AdminOperations::Reply) {
    loop_->Stop();
    return RequestId{1};
  };
  Start();
  auto call = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    admin::v1::QuitResponse response;
    return admin::v1::Admin::NewStub(Connect())->Quit(&context, {}, &response);
  });
  ASSERT_TRUE(loop_->Run().ok());
  server_.reset();
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(AdminServerTest, LeavesNothingOfACallInTheLoop) {
  // Who holds it may still be asked to pause.
  const auto held = std::make_shared<int>(0);
  operations_.pause = [held](const AdminOperations::Reply&) {
    ADD_FAILURE() << "the server is gone";
    return RequestId{1};
  };
  health_.Set({{"", true}});
  Start();
  const auto channel = Connect();
  Serve([&] {
    grpc::health::v1::HealthCheckResponse response;
    return Check(channel, "", &response).ok();
  });
  const long before = held.use_count();
  // The loop does not run: what the call wants of it waits there.
  auto call = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    admin::v1::PauseResponse response;
    return admin::v1::Admin::NewStub(channel)->Pause(&context, {}, &response);
  });
  while (held.use_count() == before) std::this_thread::yield();
  server_.reset();
  // The operations of this test, and this variable.
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(0)).ok());
}

TEST_F(AdminServerTest, TellsWhatIsHealthy) {
  health_.Set({{"", true}, {"worker/0", false}});
  Start();
  Serve([&] {
    HealthCheckResponse response;
    EXPECT_TRUE(Check(Connect(), "", &response).ok());
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
    EXPECT_TRUE(Check(Connect(), "worker/0", &response).ok());
    EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
    EXPECT_EQ(Check(Connect(), "worker/1", &response).error_code(), grpc::StatusCode::NOT_FOUND);
    return 0;
  });
}

TEST_F(AdminServerTest, FollowsWhatIsHealthyAndEndsThatWithItself) {
  Start();
  auto watch = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    const auto stub = Health::NewStub(Connect());
    const auto stream = stub->Watch(&context, HealthCheckRequest());
    HealthCheckResponse response;
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
    health_.Set({{"", true}});
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
    health_.Set({{"", false}});
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
    loop_->Stop();
    EXPECT_FALSE(stream->Read(&response));
    return stream->Finish();
  });
  ASSERT_TRUE(loop_->Run().ok());
  server_.reset();
  EXPECT_EQ(watch.get().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(AdminServerTest, ForgetsAClientThatStopsWatching) {
  health_.Set({{"", true}});
  Start();
  Serve([&] {
    grpc::ClientContext context;
    const auto stub = Health::NewStub(Connect());
    const auto stream = stub->Watch(&context, HealthCheckRequest());
    HealthCheckResponse response;
    EXPECT_TRUE(stream->Read(&response));
    context.TryCancel();
    return stream->Finish().error_code();
  });
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return server_->connections() == 0; }));
  health_.Set({{"", false}});
}

TEST_F(AdminServerTest, ListsItsServicesByReflection) {
  Start();
  const std::string services = Serve([&] {
    grpc::ClientContext context;
    const auto stub = ServerReflection::NewStub(Connect());
    const auto stream = stub->ServerReflectionInfo(&context);
    ServerReflectionRequest request;
    request.set_list_services("");
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->WritesDone());
    ServerReflectionResponse response;
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_TRUE(stream->Finish().ok());
    return response.list_services_response().ShortDebugString();
  });
  EXPECT_EQ(services,
            "service { name: \"muster.admin.v1.Admin\" } service { name: "
            "\"grpc.health.v1.Health\" } service { name: "
            "\"grpc.channelz.v1.Channelz\" } service { name: "
            "\"grpc.reflection.v1alpha.ServerReflection\" }");
}

// As grpcurl does: the services, then the file of one of them.
TEST_F(AdminServerTest, AnswersEachQuestionOfAStreamOfReflection) {
  Start();
  const int files = Serve([&] {
    grpc::ClientContext context;
    const auto stub = ServerReflection::NewStub(Connect());
    const auto stream = stub->ServerReflectionInfo(&context);
    ServerReflectionRequest request;
    request.set_list_services("");
    EXPECT_TRUE(stream->Write(request));
    ServerReflectionResponse response;
    EXPECT_TRUE(stream->Read(&response));
    request.set_file_containing_symbol("muster.admin.v1.Admin");
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_TRUE(stream->WritesDone());
    EXPECT_TRUE(stream->Finish().ok());
    return response.file_descriptor_response().file_descriptor_proto_size();
  });
  EXPECT_GT(files, 1);
}

}  // namespace
}  // namespace muster::master
