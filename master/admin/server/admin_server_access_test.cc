// Each method over a real connection, in each role.

#include <chrono>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "muster/config/access/admin_method.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

class AdminServerAccessTest : public AdminServerTest {
 protected:
  void SetUp() override {
    AdminServerTest::SetUp();
    health_.Set({{"", true}});
    for (AdminOperations::Order* order :
         {&operations_.reopen, &operations_.pause, &operations_.quit, &operations_.stop}) {
      *order = AnsweredWith(Outcome());
    }
    operations_.reload = [](const ReloadTerms&, const AdminOperations::Reply& reply) {
      reply(Outcome());
      return RequestId{5};
    };
    const auto answer = [](const auto&, const AdminOperations::Reply& reply) {
      reply(Outcome());
      return RequestId{5};
    };
    operations_.resume = answer;
    operations_.rollback = answer;
    operations_.change_workers = answer;
    operations_.upgrade = answer;
    operations_.list_generations = [] { return admin::v1::ListGenerationsResponse(); };
    operations_.set_log_level = [](auto level) { return level; };
    operations_.list_zones = [](const auto& answer) { answer(admin::v1::ListZonesResponse()); };
    operations_.list_locks = [](const auto&, const auto& answer) {
      answer(admin::v1::ListLocksResponse());
    };
    operations_.config = [](const auto& answer) { answer(admin::v1::ActiveConfig()); };
    operations_.check_config = [](const auto*, const auto& answer) {
      answer(admin::v1::ConfigCheck());
    };
  }

  static bool IsStream(const config::AdminMethod& method) {
    return absl::StrContains(method.path, "/Watch") || absl::EndsWith(method.path, "Info");
  }
  // Of a call with an empty request. A stream is cut after a moment.
  grpc::StatusCode Call(const config::AdminMethod& method) {
    return Serve([&] {
      grpc::ClientContext context;
      if (IsStream(method)) {
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
      }
      grpc::GenericStub stub(Connect());
      grpc::CompletionQueue queue;
      grpc::ByteBuffer request(nullptr, 0);
      grpc::ByteBuffer response;
      grpc::Status status;
      const auto call = stub.PrepareUnaryCall(&context, std::string(method.path), request, &queue);
      call->StartCall();
      call->Finish(&response, &status, nullptr);
      void* tag = nullptr;
      bool is_ok = false;
      queue.Next(&tag, &is_ok);
      return status.error_code();
    });
  }
};

TEST_F(AdminServerAccessTest, RefusesWhatTheRoleDoesNotInclude) {
  Start();
  for (const char* role : {"VIEWER", "OPERATOR", "ADMIN"}) {
    const AdminTerms terms = {
        .access = *AccessPolicy::Find(
            Rules(absl::StrCat("allow { name: 'r' principal: '*' role: ", role, " }")), {})};
    ASSERT_TRUE(server_->Keep(listeners_, terms).ok());
    config::v1::Role least = config::v1::VIEWER;
    ASSERT_TRUE(config::v1::Role_Parse(role, &least));
    for (const config::AdminMethod& method : config::AdminMethods()) {
      const grpc::StatusCode code = Call(method);
      if (method.role > least) {
        EXPECT_EQ(code, grpc::StatusCode::PERMISSION_DENIED) << role << " " << method.path;
      } else {
        // A stream goes on until it is cut, or has no single answer. No call has an empty id.
        EXPECT_TRUE(code == grpc::StatusCode::OK || code == grpc::StatusCode::NOT_FOUND ||
                    code == grpc::StatusCode::INVALID_ARGUMENT || IsStream(method))
            << role << " " << method.path;
        EXPECT_NE(code, grpc::StatusCode::PERMISSION_DENIED) << role << " " << method.path;
      }
    }
  }
}

TEST_F(AdminServerAccessTest, RefusesEverythingWithoutARule) {
  Start();
  ASSERT_TRUE(server_->Keep(listeners_, {.access = AccessPolicy()}).ok());
  for (const config::AdminMethod& method : config::AdminMethods()) {
    EXPECT_EQ(Call(method), grpc::StatusCode::PERMISSION_DENIED) << method.path;
  }
}

TEST_F(AdminServerAccessTest, TellsTheCallerWhichRuleRefusedIt) {
  Start();
  ASSERT_TRUE(
      server_
          ->Keep(listeners_, TermsWith("deny { name: 'freeze' principal: '*' method: 'Reload' }"))
          .ok());
  admin::v1::ReloadResponse response;
  const grpc::Status status = Reload(&response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(),
              HasSubstr("may not call Reload: rule \"freeze\" of admin.deny refuses it"));
}

}  // namespace
}  // namespace muster::master
