#include "muster/master/admin/admin_server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/admin.grpc.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

std::string Text(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!buffer.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

// A server in this thread's loop; clients run in threads of their own.
class AdminServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    loop_ = *loop::EventLoop::Create();
    operations_.status = [] {
      admin::v1::Status status;
      status.mutable_master()->set_generation(7);
      status.add_workers()->set_generation(6);
      status.add_workers()->set_generation(7);
      status.mutable_stats()->set_crashes(3);
      return status;
    };
  }
  void TearDown() override {
    server_.reset();
    ::unlink(socket_path().c_str());
    ::rmdir(folder_);
  }

  std::string socket_path() const { return absl::StrCat(folder_, "/admin"); }
  Address address() const { return *Address::Parse("unix:" + socket_path()); }
  void Start() {
    auto server = AdminServer::Start(address(), *loop_, operations_, log_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::shared_ptr<grpc::Channel> Connect() const {
    return grpc::CreateChannel("unix:" + socket_path(), grpc::InsecureChannelCredentials());
  }

  // Runs the loop while `client` runs in another thread.
  template <typename Client>
  auto Serve(Client client) {
    auto result = std::async(std::launch::async, [&] {
      auto value = client();
      loop_->Stop();
      return value;
    });
    EXPECT_TRUE(loop_->Run().ok());
    return result.get();
  }

  grpc::Status Reload(admin::v1::ReloadResponse* response) {
    return Serve([&] {
      grpc::ClientContext context;
      return admin::v1::Admin::NewStub(Connect())->Reload(&context, {}, response);
    });
  }

  char folder_[32] = "/tmp/muster-admin-XXXXXX";
  Log log_;
  std::unique_ptr<loop::EventLoop> loop_;
  AdminOperations operations_;
  std::unique_ptr<AdminServer> server_;
};

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
  operations_.reload = [](AdminOperations::Reply reply) {
    Outcome outcome;
    outcome.generation = 7;
    outcome.took = std::chrono::milliseconds(1500);
    reply(outcome);
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
  operations_.reload = [](AdminOperations::Reply reply) {
    Outcome outcome;
    outcome.status = absl::InvalidArgumentError("muster.textproto:3:1: acept: unknown");
    reply(outcome);
  };
  Start();
  admin::v1::ReloadResponse response;
  const grpc::Status status = Reload(&response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "muster.textproto:3:1: acept: unknown");
}

TEST_F(AdminServerTest, SurvivesAClientThatLeftBeforeTheAnswer) {
  AdminOperations::Reply late;
  operations_.reload = [&](AdminOperations::Reply reply) {
    late = std::move(reply);
    loop_->Stop();
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
  operations_.quit = [&](AdminOperations::Reply) { loop_->Stop(); };
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

TEST_F(AdminServerTest, MakesItsSocketForTheOwnerAlone) {
  Start();
  struct stat socket = {};
  ASSERT_EQ(::stat(socket_path().c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0600u);
}

TEST_F(AdminServerTest, LeavesASocketOnWhichSomebodyAnswers) {
  Start();
  const auto second = AdminServer::Start(address(), *loop_, operations_, log_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(socket_path()));
}

TEST_F(AdminServerTest, TakesOverTheSocketOfADeadProcess) {
  {
    const ipc::UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(dead.get(), address().get(), address().size()), 0);
  }
  Start();
  EXPECT_NE(server_, nullptr);
}

TEST_F(AdminServerTest, RemovesItsSocketAtTheEnd) {
  Start();
  server_.reset();
  EXPECT_NE(::access(socket_path().c_str(), F_OK), 0);
}

TEST_F(AdminServerTest, SaysWhyTheSocketCannotBeMade) {
  const auto server =
      AdminServer::Start(*Address::Parse("unix:/proc/nowhere/x"), *loop_, operations_, log_);
  EXPECT_THAT(std::string(server.status().message()),
              HasSubstr("unix:/proc/nowhere/x: No such file or directory"));
}

// One message to `method` and the first message back, as raw bytes.
std::string CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  const grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer reply;
  call->Read(&reply, nullptr);
  queue.Next(&tag, &ok);
  call->WritesDone(nullptr);
  queue.Next(&tag, &ok);
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  return Text(reply);
}

TEST_F(AdminServerTest, TellsThatItIsHealthy) {
  Start();
  // HealthCheckResponse{status: SERVING}
  EXPECT_EQ(CallRaw(Connect(), "/grpc.health.v1.Health/Check", ""), "\x08\x01");
}

TEST_F(AdminServerTest, ListsItsServicesByReflection) {
  Start();
  // ServerReflectionRequest{list_services: ""}
  const std::string reply =
      CallRaw(Connect(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
              std::string("\x3a\x00", 2));
  EXPECT_THAT(reply, HasSubstr("muster.admin.v1.Admin"));
}

}  // namespace
}  // namespace muster::master
