// How much one caller of the admin service may have under way, over real connections.

#include <unistd.h>

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/proto/reflection.grpc.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

class AdminServerPlacesTest : public AdminServerTest {
 protected:
  void StartWithBounds(std::uint32_t calls, std::uint32_t streams) {
    listeners_ = *Listen();
    AdminTerms terms = Terms();
    terms.calls_per_caller = calls;
    terms.streams_per_caller = streams;
    StartWith(terms);
  }
  static std::string Own() { return absl::StrCat("uid:", ::geteuid()); }

  struct Stream {
    explicit Stream(const std::shared_ptr<grpc::Channel>& channel)
        : stub(admin::v1::Admin::NewStub(channel)), reader(stub->WatchEvents(&context, {})) {}
    ~Stream() { context.TryCancel(); }
    bool Begins() {
      admin::v1::WatchEventsResponse response;
      return reader->Read(&response);
    }

    grpc::ClientContext context;
    std::unique_ptr<admin::v1::Admin::Stub> stub;
    std::unique_ptr<grpc::ClientReader<admin::v1::WatchEventsResponse>> reader;
  };
};

TEST_F(AdminServerPlacesTest, HaveABoundOverAllConnectionsOfACaller) {
  StartWithBounds(8, 3);
  const grpc::Status refused = Serve([&] {
    std::vector<std::unique_ptr<Stream>> streams;
    for (int i = 0; i < 3; ++i) {
      streams.push_back(std::make_unique<Stream>(Connect()));
      EXPECT_TRUE(streams.back()->Begins());
    }
    Stream more(Connect());
    EXPECT_FALSE(more.Begins());
    // Streams leave the places of other calls alone.
    grpc::ClientContext context;
    admin::v1::Status status;
    EXPECT_TRUE(admin::v1::Admin::NewStub(Connect())->GetStatus(&context, {}, &status).ok());
    return more.reader->Finish();
  });
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(),
            absl::StrCat(Own(), " has 3 streams under way; admin.streams_per_caller allows 3"));
  EXPECT_THAT(refused.error_details(), HasSubstr("TOO_MANY_STREAMS"));
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return server_->places().streams_of(Own()) == 0; }));
}

TEST_F(AdminServerPlacesTest, AreFreeAgainWhenACallIsOver) {
  StartWithBounds(8, 1);
  for (int i = 0; i < 20; ++i) {
    Serve([&] {
      EXPECT_TRUE(Stream(Connect()).Begins());
      return 0;
    });
    ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return server_->places().streams_of(Own()) == 0; }));
  }
  Serve([&] {
    grpc::health::v1::HealthCheckResponse response;
    health_.Set({{"", true}});
    const auto channel = Connect();
    for (int i = 0; i < 200; ++i) Check(channel, "", &response);
    return 0;
  });
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return server_->places().calls_of(Own()) == 0; }));
}

TEST_F(AdminServerPlacesTest, AreTakenByCallsThatWait) {
  std::vector<AdminOperations::Reply> late;
  operations_.pause = [&](AdminOperations::Reply reply) {
    late.push_back(std::move(reply));
    return RequestId{late.size()};
  };
  StartWithBounds(8, 1);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<admin::v1::PauseResponse> responses(9);
  const auto channel = Connect();
  const auto stub = admin::v1::Admin::NewStub(channel);
  std::vector<std::promise<grpc::Status>> ends(9);
  for (int i = 0; i < 9; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    static const admin::v1::PauseRequest kRequest;
    stub->async()->Pause(contexts.back().get(), &kRequest, &responses[i],
                         [&ends, i](grpc::Status status) { ends[i].set_value(status); });
  }
  // One of them is refused, and the others wait.
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return late.size() == 8; }));
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return server_->places().calls_of(Own()) == 8; }));
  for (const auto& reply : late) reply(Outcome());
  int refused = 0;
  for (auto& end : ends) {
    const grpc::Status status = end.get_future().get();
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) ++refused;
  }
  EXPECT_EQ(refused, 1);
}

TEST_F(AdminServerPlacesTest, StreamsEndWhenNewRulesDenyThemAndOthersGoOn) {
  Start();
  const bool went_on = Serve([&] {
    const auto channel = Connect();
    Stream events(channel);
    EXPECT_TRUE(events.Begins());
    const auto stub = admin::v1::Admin::NewStub(channel);
    grpc::ClientContext context;
    admin::v1::Status status;
    const auto statuses = stub->WatchStatus(&context, {});
    EXPECT_TRUE(statuses->Read(&status));
    grpc::ClientContext watch_context;
    grpc::health::v1::HealthCheckResponse health;
    const auto health_stub = grpc::health::v1::Health::NewStub(channel);
    const auto watch = health_stub->Watch(&watch_context, {});
    EXPECT_TRUE(watch->Read(&health));
    grpc::ClientContext reflection_context;
    const auto reflection_stub = grpc::reflection::v1alpha::ServerReflection::NewStub(channel);
    const auto reflection = reflection_stub->ServerReflectionInfo(&reflection_context);
    grpc::reflection::v1alpha::ServerReflectionRequest question;
    question.set_list_services("");
    grpc::reflection::v1alpha::ServerReflectionResponse answer;
    EXPECT_TRUE(reflection->Write(question) && reflection->Read(&answer));

    loop_->Post([&] {
      EXPECT_TRUE(
          server_
              ->Keep(listeners_, TermsWith("deny { name: 'no streams' principal: '*' method: "
                                           "'WatchStatus' method: '/grpc.*' }"))
              .ok());
    });
    for (const grpc::Status& ended :
         {(statuses->Read(&status), statuses->Finish()), (watch->Read(&health), watch->Finish()),
          (reflection->Read(&answer), reflection->Finish())}) {
      EXPECT_EQ(ended.error_code(), grpc::StatusCode::PERMISSION_DENIED);
      EXPECT_THAT(ended.error_message(), HasSubstr("rule \"no streams\" of admin.deny refuses it"));
    }
    // What they may still have goes on: the refusals are its next events.
    return events.Begins();
  });
  EXPECT_TRUE(went_on);
}

}  // namespace
}  // namespace muster::master
