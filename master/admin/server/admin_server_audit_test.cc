// The ids of calls, and what is told of a call, over real connections.

#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class AdminServerAuditTest : public AdminServerTest {
 protected:
  std::promise<void> begun_;

  void AnswerReloadsWith(const Outcome& outcome) {
    operations_.reload = [answer = AnsweredWith(outcome)](const ReloadTerms&,
                                                          const AdminOperations::Reply& reply) {
      return answer(reply);
    };
  }

  struct Answer {
    grpc::Status status;
    std::string id;  // in the trailing metadata
  };

  // A reload with this id in its metadata, if it is not empty.
  Answer ReloadAs(const std::string& id) {
    return Serve([&] {
      grpc::ClientContext context;
      if (!id.empty()) context.AddMetadata("x-request-id", id);
      admin::v1::ReloadResponse response;
      Answer answer;
      answer.status = admin::v1::Admin::NewStub(Connect())->Reload(&context, {}, &response);
      const auto& metadata = context.GetServerTrailingMetadata();
      const auto found = metadata.find("x-request-id");
      if (found != metadata.end()) answer.id.assign(found->second.data(), found->second.size());
      return answer;
    });
  }
  grpc::Status GetCall(const std::string& id, admin::v1::Call* call) {
    return Serve([&] {
      grpc::ClientContext context;
      admin::v1::GetCallRequest request;
      request.set_id(id);
      return admin::v1::Admin::NewStub(Connect())->GetCall(&context, request, call);
    });
  }
  admin::v1::Event LastEvent() const {
    const auto batch = events_.Read(1, 1000);
    return batch.events.empty() ? admin::v1::Event() : *batch.events.back();
  }
};

TEST_F(AdminServerAuditTest, GivesEachChangeAnIdThatComesBack) {
  AnswerReloadsWith(Outcome());
  Start();
  const Answer answer = ReloadAs("");
  EXPECT_TRUE(answer.status.ok());
  EXPECT_THAT(answer.id, StartsWith(events_.instance()));
  EXPECT_EQ(LastEvent().kind(), admin::v1::Event::CALL);
  EXPECT_EQ(LastEvent().call().id(), answer.id);
  EXPECT_EQ(LastEvent().call().method(), "Reload");
  EXPECT_EQ(LastEvent().call().code(), "OK");
  EXPECT_EQ(LastEvent().call().generation_before(), 7u);
  EXPECT_THAT(LastEvent().call().caller(),
              StartsWith(absl::StrCat("uid ", ::geteuid(), " (pid ", ::getpid(), ")")));
}

TEST_F(AdminServerAuditTest, TakesTheIdOfTheClient) {
  AnswerReloadsWith({.status = absl::AbortedError("reload refused: why")});
  Start();
  const Answer answer = ReloadAs("deploy-17");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(answer.id, "deploy-17");
  admin::v1::Call call;
  ASSERT_TRUE(GetCall("deploy-17", &call).ok());
  EXPECT_EQ(call.code(), "ABORTED");
  EXPECT_EQ(call.message(), "reload refused: why");
}

TEST_F(AdminServerAuditTest, RefusesAnIdThatIsNotFit) {
  AnswerReloadsWith(Outcome());
  Start();
  EXPECT_EQ(ReloadAs(std::string(65, 'x')).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const grpc::Status status = ReloadAs("a b").status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("x-request-id must have 1 to 64 printable"));
  EXPECT_EQ(events_.next(), 1u) << "nothing was changed, and nobody refused";
}

TEST_F(AdminServerAuditTest, DoesNotChangeTwiceForOneId) {
  int reloads = 0;
  operations_.reload = [&](const ReloadTerms&, const AdminOperations::Reply& reply) {
    ++reloads;
    reply(Outcome());
    return RequestId{5};
  };
  Start();
  EXPECT_TRUE(ReloadAs("once").status.ok());
  EXPECT_EQ(ReloadAs("once").status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(reloads, 1);
}

TEST_F(AdminServerAuditTest, TellsTheOutcomeToWhoLostItsConnection) {
  AdminOperations::Reply reply;
  operations_.reload = [&](const ReloadTerms&, AdminOperations::Reply later) {
    reply = std::move(later);
    return RequestId{5};
  };
  Start();
  auto lost = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    context.AddMetadata("x-request-id", "lost");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    admin::v1::ReloadResponse response;
    auto stub = admin::v1::Admin::NewStub(Connect());
    grpc::CompletionQueue queue;
    auto call = stub->AsyncReload(&context, {}, &queue);
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    begun_.get_future().wait();
    context.TryCancel();
    void* tag = nullptr;
    bool is_ok = false;
    queue.Next(&tag, &is_ok);
  });
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return reply != nullptr; }));
  admin::v1::Call call;
  ASSERT_TRUE(GetCall("lost", &call).ok());
  EXPECT_EQ(call.code(), "") << "it is under way";
  begun_.set_value();
  lost.wait();
  reply({.generation = 8});
  ASSERT_TRUE(GetCall("lost", &call).ok());
  EXPECT_EQ(call.code(), "OK");
}

TEST_F(AdminServerAuditTest, DoesNotKnowWhatWasNeverCalled) {
  Start();
  admin::v1::Call call;
  EXPECT_EQ(GetCall("never", &call).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(AdminServerAuditTest, TellsOfARefusedCallWithItsId) {
  Start();
  ASSERT_TRUE(
      server_
          ->Keep(listeners_, TermsWith("deny { name: 'freeze' principal: '*' method: 'Reload' }"))
          .ok());
  const Answer answer = ReloadAs("mine");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(answer.id, "mine");
  EXPECT_EQ(LastEvent().kind(), admin::v1::Event::CALL_REFUSED);
  EXPECT_EQ(LastEvent().call().id(), "mine");
  EXPECT_THAT(LastEvent().text(), HasSubstr("rule \"freeze\" of admin.deny refuses it"));
}

}  // namespace
}  // namespace muster::master
