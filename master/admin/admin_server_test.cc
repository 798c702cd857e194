#include "muster/master/admin/admin_server.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/run_until.h"
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
using ::testing::HasSubstr;

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
    auto server = AdminServer::Start(address(), SocketRights(), *loop_, operations_, health_, log_);
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
  HealthBoard health_;
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
  const auto second =
      AdminServer::Start(address(), SocketRights(), *loop_, operations_, health_, log_);
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
  const auto server = AdminServer::Start(*Address::Parse("unix:/proc/nowhere/x"), SocketRights(),
                                         *loop_, operations_, health_, log_);
  EXPECT_THAT(std::string(server.status().message()),
              HasSubstr("unix:/proc/nowhere/x: No such file or directory"));
}

grpc::Status Check(const std::shared_ptr<grpc::Channel>& channel, const std::string& name,
                   HealthCheckResponse* response) {
  grpc::ClientContext context;
  HealthCheckRequest request;
  request.set_service(name);
  return Health::NewStub(channel)->Check(&context, request, response);
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
            "\"grpc.reflection.v1alpha.ServerReflection\" }");
}

// ---- Many and rude clients ----

// A client that is no gRPC client.
class RawClient {
 public:
  explicit RawClient(const Address& address)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_EQ(::connect(fd_.get(), address.get(), address.size()), 0);
  }
  void Send(absl::string_view bytes) const {
    EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Whether the server has hung up.
  bool HasEnded() const {
    pollfd end = {.fd = fd_.get(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&end, 1, 0) == 1;
  }

 private:
  ipc::UniqueFd fd_;
};

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// A SETTINGS frame without a setting.
const absl::string_view kSettings("\0\0\0\4\0\0\0\0\0", 9);

TEST_F(AdminServerTest, AnswersOthersWhileThousandsSayNothing) {
  Start();
  std::vector<std::unique_ptr<RawClient>> silent;
  const auto outcome = Serve([&] {
    for (int i = 0; i < 2000; ++i) {
      silent.push_back(std::make_unique<RawClient>(address()));
      if (silent.size() > 200) silent.erase(silent.begin());  // of 1024 descriptors
    }
    HealthCheckResponse response;
    health_.Set({{"", true}});
    return Check(Connect(), "", &response);
  });
  EXPECT_TRUE(outcome.ok()) << outcome.error_message();
}

TEST_F(AdminServerTest, HangsUpOnGarbageAndOnHalfAHelloOfTls) {
  Start();
  const RawClient garbage(address());
  garbage.Send("GET / HTTP/1.1\r\n\r\n");
  const RawClient tls(address());
  tls.Send(absl::string_view("\x16\x03\x01\x02\0\1", 6));
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return garbage.HasEnded() && tls.HasEnded(); }));
}

TEST_F(AdminServerTest, HangsUpOnGarbageAfterTheRightBeginning) {
  Start();
  const RawClient client(address());
  client.Send(absl::StrCat(kPreface, std::string(1000, 'x')));
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return client.HasEnded(); }));
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return server_->connections() == 0; }));
}

TEST_F(AdminServerTest, MakesRoomForAClientAmongIdleOnes) {
  Start();
  std::vector<std::unique_ptr<RawClient>> idle;
  const auto outcome = Serve([&] {
    for (std::size_t i = 0; i < AdminServer::kMostConnections + 10; ++i) {
      idle.push_back(std::make_unique<RawClient>(address()));
      idle.back()->Send(absl::StrCat(kPreface, kSettings));
    }
    HealthCheckResponse response;
    health_.Set({{"", true}});
    return Check(Connect(), "", &response);
  });
  EXPECT_TRUE(outcome.ok()) << outcome.error_message();
  EXPECT_LE(server_->connections(), AdminServer::kMostConnections);
  // The oldest one was idle longest.
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return idle.front()->HasEnded(); }));
  EXPECT_FALSE(idle.back()->HasEnded());
}

TEST_F(AdminServerTest, DoesNotEndACallToMakeRoom) {
  AdminOperations::Reply late;
  operations_.reload = [&](AdminOperations::Reply reply) {
    late = std::move(reply);
    loop_->Stop();
  };
  Start();
  auto call = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    admin::v1::ReloadResponse response;
    return admin::v1::Admin::NewStub(Connect())->Reload(&context, {}, &response);
  });
  ASSERT_TRUE(loop_->Run().ok());
  std::vector<std::unique_ptr<RawClient>> idle;
  Serve([&] {
    for (std::size_t i = 0; i < AdminServer::kMostConnections + 10; ++i) {
      idle.push_back(std::make_unique<RawClient>(address()));
      idle.back()->Send(absl::StrCat(kPreface, kSettings));
    }
    return 0;
  });
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return idle.front()->HasEnded(); }));
  late(Outcome());
  EXPECT_TRUE(call.get().ok());
}

TEST_F(AdminServerTest, KeepsNothingOfClientsThatCameAndWent) {
  Start();
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto come_and_go = [&] {
    Serve([&] {
      HealthCheckResponse response;
      return Check(Connect(), "x", &response).error_code();
    });
    EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return server_->connections() == 0; }));
  };
  come_and_go();
  const auto before = descriptors();
  for (int i = 0; i < 20; ++i) come_and_go();
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return descriptors() <= before; }));
}

TEST_F(AdminServerTest, DeliversTheLastAnswersAmongClientsThatNeverHangUp) {
  AdminOperations::Reply quit;
  operations_.quit = [&](AdminOperations::Reply reply) {
    quit = std::move(reply);
    loop_->Stop();
  };
  Start();
  std::vector<std::unique_ptr<RawClient>> idle;
  const auto come = [&] {
    idle.push_back(std::make_unique<RawClient>(address()));
    idle.back()->Send(absl::StrCat(kPreface, kSettings));
  };
  auto call = std::async(std::launch::async, [&] {
    for (int i = 0; i < 50; ++i) come();
    grpc::ClientContext context;
    admin::v1::QuitResponse response;
    return admin::v1::Admin::NewStub(Connect())->Quit(&context, {}, &response);
  });
  ASSERT_TRUE(loop_->Run().ok());
  for (int i = 0; i < 50; ++i) come();
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return server_->connections() == 101; }));
  quit(Outcome());
  server_.reset();
  const grpc::Status status = call.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(AdminServerTest, PutsItsSocketBackWhenItWasRemoved) {
  Start();
  ASSERT_EQ(::unlink(socket_path().c_str()), 0);
  ASSERT_EQ(server_->KeepSocket({.mode = 0660}), absl::OkStatus());
  struct stat socket = {};
  ASSERT_EQ(::stat(socket_path().c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0660u);
  health_.Set({{"", true}});
  HealthCheckResponse response;
  EXPECT_TRUE(Serve([&] { return Check(Connect(), "", &response); }).ok());
}

TEST_F(AdminServerTest, ChangesTheRightsOfItsSocket) {
  Start();
  ASSERT_EQ(server_->KeepSocket({.mode = 0640}), absl::OkStatus());
  struct stat socket = {};
  ASSERT_EQ(::stat(socket_path().c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0640u);
}

TEST_F(AdminServerTest, LeavesTheSocketOfAnotherProcessThatIsThereByNow) {
  Start();
  ASSERT_EQ(::unlink(socket_path().c_str()), 0);
  const ipc::UniqueFd other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(other.get(), address().get(), address().size()), 0);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  EXPECT_TRUE(absl::IsAlreadyExists(server_->KeepSocket(SocketRights())));
  server_.reset();
  EXPECT_EQ(::access(socket_path().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace muster::master
