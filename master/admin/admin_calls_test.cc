#include "muster/master/admin/admin_calls.h"

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

using Reply = AdminOperations::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const admin::v1::ReloadRequest kReload;
const admin::v1::QuitRequest kQuit;

// An order that is answered with `*reply` later.
AdminOperations::Order AnsweredLater(Reply* reply) {
  return [reply](Reply later) {
    *reply = std::move(later);
    return RequestId{5};
  };
}

TEST(AdminCalls, ReadInTheLoop) {
  TestCall call;
  bool is_filled = false;
  call.Bind(call.calls().Read([&] { is_filled = true; }));
  EXPECT_FALSE(is_filled);
  EXPECT_FALSE(call.status().has_value());
  call.RunLoop();
  EXPECT_TRUE(is_filled);
  ASSERT_TRUE(call.status().has_value());
  EXPECT_TRUE(call.status()->ok());
}

TEST(AdminCalls, CompleteTheResponseOfAChangeWithItsOutcome) {
  TestCall call;
  const auto change = AnsweredWith({.generation = 7});
  std::uint64_t filled = 0;
  call.Bind(call.calls().Change(call.context(), "reload", kReload, change,
                                [&](const Outcome& outcome) { filled = outcome.generation; }));
  call.RunLoop();
  EXPECT_EQ(filled, 7u);
  ASSERT_TRUE(call.status().has_value());
  EXPECT_TRUE(call.status()->ok());
}

TEST(AdminCalls, AnswerAChangeThatFailedWithItsStatus) {
  TestCall call;
  const auto change = AnsweredWith({.status = absl::FailedPreconditionError("it stops")});
  bool is_filled = false;
  call.Bind(call.calls().Change(call.context(), "reload", kReload, change,
                                [&](const Outcome&) { is_filled = true; }));
  call.RunLoop();
  EXPECT_FALSE(is_filled);
  ASSERT_TRUE(call.status().has_value());
  EXPECT_EQ(call.status()->error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(call.status()->error_message(), "it stops");
}

TEST(AdminCalls, WaitForAChangeThatTakesLonger) {
  TestCall call;
  Reply reply;
  const auto change = AnsweredLater(&reply);
  call.Bind(call.calls().Change(call.context(), "reload", kReload, change, [](const Outcome&) {}));
  call.RunLoop();
  EXPECT_FALSE(call.status().has_value());
  reply(Outcome());
  EXPECT_TRUE(call.status().has_value());
}

TEST(AdminCalls, LogWhichChangeWasAskedForAndByWhom) {
  TestCall call;
  const std::string path = testing::TempDir() + "/calls.log";
  config::v1::Log log;
  log.set_path(path);
  ASSERT_TRUE(call.log().Configure(log).ok());
  const auto change = AnsweredWith(Outcome());
  call.Bind(call.calls().Change(call.context(), "reload", kReload, change, [](const Outcome&) {}));
  call.RunLoop();
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(
      text, testing::HasSubstr("admin: reload asked for over the socket by uid 1000 (pid 4711)\n"));
}

TEST(AdminCalls, EndThoseUnderWayWhenTheyAreClosed) {
  TestCall call;
  bool is_filled = false;
  call.Bind(call.calls().Read([&] { is_filled = true; }));
  call.calls().Close();
  ASSERT_TRUE(call.status().has_value());
  EXPECT_EQ(call.status()->error_code(), grpc::StatusCode::UNAVAILABLE);
  call.RunLoop();
  EXPECT_FALSE(is_filled);
}

TEST(AdminCalls, EndEveryLaterOneWhenTheyAreClosed) {
  TestCall call;
  call.calls().Close();
  call.Bind(call.calls().Read([] {}));
  ASSERT_TRUE(call.status().has_value());
  EXPECT_EQ(call.status()->error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(AdminCalls, AreBusyWhileOneIsUnderWay) {
  TestCall call;
  EXPECT_FALSE(call.calls().IsBusy());
  call.Bind(call.calls().Read([] {}));
  EXPECT_TRUE(call.calls().IsBusy());
  call.RunLoop();
  EXPECT_FALSE(call.calls().IsBusy());
}

TEST(AdminCalls, MayBeGoneWhenTheOutcomeOfAChangeComes) {
  TestCall call;
  auto calls = std::make_unique<AdminCalls>(call.loop(), call.log(), call.operations(), Peer());
  Reply reply;
  const auto change = AnsweredLater(&reply);
  bool is_filled = false;
  call.Bind(calls->Change(call.context(), "quit", kQuit, change,
                          [&](const Outcome&) { is_filled = true; }));
  call.RunLoop();
  calls->Close();
  calls.reset();
  reply(Outcome());
  EXPECT_FALSE(is_filled);
}

TEST(AdminCalls, DropTheOutcomeOfAChangeThatComesTooLate) {
  TestCall call;
  Reply reply;
  const auto change = AnsweredLater(&reply);
  bool is_filled = false;
  call.Bind(call.calls().Change(call.context(), "quit", kQuit, change,
                                [&](const Outcome&) { is_filled = true; }));
  call.RunLoop();
  call.calls().Close();
  reply(Outcome());
  EXPECT_FALSE(is_filled);
}

TEST(AdminCalls, WithdrawAChangeThatItsCallerCancels) {
  TestCall call;
  Reply reply;
  const auto change = AnsweredLater(&reply);
  call.Bind(call.calls().Change(call.context(), "reload", kReload, change, [](const Outcome&) {}));
  call.RunLoop();
  call.Cancel();
  EXPECT_THAT(call.withdrawn(), IsEmpty()) << "in gRPC's thread";
  call.RunLoop();
  EXPECT_THAT(call.withdrawn(), ElementsAre("5: its caller cancelled it"));
  EXPECT_FALSE(call.calls().IsBusy());
}

TEST(AdminCalls, WithdrawAChangeWhoseCallerHangsUp) {
  TestCall call;
  Reply reply;
  const auto change = AnsweredLater(&reply);
  call.Bind(call.calls().Change(call.context(), "reload", kReload, change, [](const Outcome&) {}));
  call.RunLoop();
  call.calls().HangUp();
  EXPECT_THAT(call.withdrawn(), ElementsAre("5: its caller hung up"));
}

TEST(AdminCalls, TellThatAChangeGoesOnThatCannotBeUndone) {
  TestCall call;
  Reply reply;
  const auto change = AnsweredLater(&reply);
  bool is_filled = false;
  call.Bind(call.calls().Change(call.context(), "quit", kQuit, change,
                                [&](const Outcome&) { is_filled = true; }));
  call.RunLoop();
  call.Cancel();
  call.RunLoop();
  ASSERT_TRUE(call.status().has_value());
  EXPECT_EQ(call.status()->error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(call.status()->error_message(), "the quit goes on: its caller cancelled it");
  reply(Outcome());
  EXPECT_FALSE(is_filled);
}

TEST(AdminCalls, WithdrawNothingThatWasAnsweredBefore) {
  TestCall call;
  const auto change = AnsweredWith(Outcome());
  call.Bind(call.calls().Change(call.context(), "reload", kReload, change, [](const Outcome&) {}));
  call.RunLoop();
  call.Cancel();
  call.RunLoop();
  call.calls().HangUp();
  EXPECT_THAT(call.withdrawn(), IsEmpty());
  EXPECT_TRUE(call.status()->ok());
}

TEST(AdminCalls, WithdrawNothingThatWasNotBegun) {
  TestCall call;
  bool is_asked = false;
  const AdminOperations::Order change = [&](const Reply&) {
    is_asked = true;
    return RequestId{5};
  };
  call.Bind(call.calls().Change(call.context(), "reload", kReload, change, [](const Outcome&) {}));
  call.calls().Close();
  call.Cancel();
  call.RunLoop();
  EXPECT_FALSE(is_asked);
  EXPECT_THAT(call.withdrawn(), IsEmpty());
}

}  // namespace
}  // namespace muster::master
