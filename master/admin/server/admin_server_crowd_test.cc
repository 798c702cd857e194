// The admin service among many clients, and rude ones.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/run_until.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/proto/admin.grpc.pb.h"
#include "muster/proto/health.grpc.pb.h"

namespace muster::master {
namespace {

// A client that is no gRPC client.
class RawClient {
 public:
  explicit RawClient(const listen::Address& address)
      : fd_(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
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
    grpc::health::v1::HealthCheckResponse response;
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
    for (std::size_t i = 0; i < server_->unix_clients().most_connections() + 10; ++i) {
      idle.push_back(std::make_unique<RawClient>(address()));
      idle.back()->Send(absl::StrCat(kPreface, kSettings));
    }
    grpc::health::v1::HealthCheckResponse response;
    health_.Set({{"", true}});
    return Check(Connect(), "", &response);
  });
  EXPECT_TRUE(outcome.ok()) << outcome.error_message();
  // This user is an owner.
  EXPECT_LE(server_->connections(),
            server_->unix_clients().most_connections() + AdminClients::kForOwners);
  // The oldest one was idle longest.
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return idle.front()->HasEnded(); }));
  EXPECT_FALSE(idle.back()->HasEnded());
}

TEST_F(AdminServerTest, TakesNoPlaceOfUnixClientsForThoseOverTcp) {
  Start(absl::StrCat("listen: '127.0.0.1:0' listen: 'unix:", socket_path(), "' insecure: true"));
  const listen::Address tcp = listeners_.ForAdmin()[0]->address();
  RawClient silent(address());
  RawClient idle(address());
  idle.Send(absl::StrCat(kPreface, kSettings));
  std::vector<std::unique_ptr<RawClient>> others;
  const std::size_t most = server_->tcp_clients().most_connections();
  Serve([&] {
    for (std::size_t i = 0; i < AdminClients::kMostNewcomers + 10; ++i) {
      others.push_back(std::make_unique<RawClient>(tcp));
    }
    for (std::size_t i = 0; i < most + 10; ++i) {
      others.push_back(std::make_unique<RawClient>(tcp));
      others.back()->Send(absl::StrCat(kPreface, kSettings));
    }
    return 0;
  });
  // They have made room among each other.
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] {
    return others.front()->HasEnded() && others[AdminClients::kMostNewcomers + 10]->HasEnded();
  }));
  EXPECT_LE(server_->tcp_clients().connections(), most);
  EXPECT_EQ(server_->unix_clients().connections(), 1u);
  EXPECT_FALSE(idle.HasEnded());
  EXPECT_FALSE(silent.HasEnded());
}

TEST_F(AdminServerTest, KeepsPlacesForTheOwners) {
  listeners_ = *Listen();
  const config::v1::Admin rules = Rules("allow { name: 'all' principal: '*' role: ADMIN }");
  // All are of one user, so that none makes room for another one.
  AdminTerms terms = {.access = *AccessPolicy::Find(rules, {}), .streams_per_caller = 100'000};
  StartWith(terms);
  health_.Set({{"", true}});
  grpc::ChannelArguments own;
  own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto connect = [&] {
    return grpc::CreateCustomChannel("unix:" + socket_path(), grpc::InsecureChannelCredentials(),
                                     own);
  };
  struct Watch {
    grpc::ClientContext context;
    std::unique_ptr<grpc::health::v1::Health::Stub> stub;
    std::unique_ptr<grpc::ClientReader<grpc::health::v1::HealthCheckResponse>> reader;
  };
  std::vector<std::unique_ptr<Watch>> busy;
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status refused = Serve([&] {
    for (std::size_t i = 0; i < server_->unix_clients().most_connections(); ++i) {
      busy.push_back(std::make_unique<Watch>());
      busy.back()->stub = grpc::health::v1::Health::NewStub(connect());
      busy.back()->reader = busy.back()->stub->Watch(&busy.back()->context, {});
      EXPECT_TRUE(busy.back()->reader->Read(&response));
    }
    return Check(connect(), "", &response);
  });
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  terms.access = *AccessPolicy::Find(rules, {::geteuid()});
  ASSERT_TRUE(server_->Keep(listeners_, terms).ok());
  const grpc::Status allowed = Serve([&] { return Check(connect(), "", &response); });
  EXPECT_TRUE(allowed.ok()) << allowed.error_message();
  Serve([&] {
    for (const auto& watch : busy) {
      watch->context.TryCancel();
      watch->reader->Finish();
    }
    return 0;
  });
}

TEST_F(AdminServerTest, DoesNotEndACallToMakeRoom) {
  AdminOperations::Reply late;
  operations_.reload = [&](const ReloadTerms&, AdminOperations::Reply reply) {
    late = std::move(reply);
    loop_->Stop();
    return RequestId{1};
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
    for (std::size_t i = 0; i < server_->unix_clients().most_connections() + 10; ++i) {
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
      grpc::health::v1::HealthCheckResponse response;
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
    return RequestId{1};
  };
  Start();
  std::vector<std::unique_ptr<RawClient>> idle;
  const auto come = [&] {
    idle.push_back(std::make_unique<RawClient>(address()));
    idle.back()->Send(absl::StrCat(kPreface, kSettings));
  };
  auto call = std::async(std::launch::async, [&] {
    for (int i = 0; i < 25; ++i) come();
    grpc::ClientContext context;
    admin::v1::QuitResponse response;
    return admin::v1::Admin::NewStub(Connect())->Quit(&context, {}, &response);
  });
  ASSERT_TRUE(loop_->Run().ok());
  for (int i = 0; i < 25; ++i) come();
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return server_->connections() == 51; }));
  quit(Outcome());
  server_.reset();
  const grpc::Status status = call.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

}  // namespace
}  // namespace muster::master
