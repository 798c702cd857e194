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

// A change with that outcome, made at once.
std::function<void(Reply)> WithOutcome(const Outcome& outcome) {
  return [outcome](const Reply& reply) { reply(outcome); };
}

TEST(AdminCalls, ReadInTheLoop) {
  TestCall call;
  bool is_filled = false;
  call.calls().Read(call.context(), [&] { is_filled = true; });
  EXPECT_FALSE(is_filled);
  EXPECT_FALSE(call.status().has_value());
  call.RunLoop();
  EXPECT_TRUE(is_filled);
  ASSERT_TRUE(call.status().has_value());
  EXPECT_TRUE(call.status()->ok());
}

TEST(AdminCalls, CompleteTheResponseOfAChangeWithItsOutcome) {
  TestCall call;
  const auto change = WithOutcome({.generation = 7});
  std::uint64_t filled = 0;
  call.calls().Change(call.context(), "reload", change,
                      [&](const Outcome& outcome) { filled = outcome.generation; });
  call.RunLoop();
  EXPECT_EQ(filled, 7u);
  ASSERT_TRUE(call.status().has_value());
  EXPECT_TRUE(call.status()->ok());
}

TEST(AdminCalls, AnswerAChangeThatFailedWithItsStatus) {
  TestCall call;
  const auto change = WithOutcome({.status = absl::FailedPreconditionError("it stops")});
  bool is_filled = false;
  call.calls().Change(call.context(), "reload", change, [&](const Outcome&) { is_filled = true; });
  call.RunLoop();
  EXPECT_FALSE(is_filled);
  ASSERT_TRUE(call.status().has_value());
  EXPECT_EQ(call.status()->error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(call.status()->error_message(), "it stops");
}

TEST(AdminCalls, WaitForAChangeThatTakesLonger) {
  TestCall call;
  Reply reply;
  const std::function<void(Reply)> change = [&](Reply later) { reply = std::move(later); };
  call.calls().Change(call.context(), "reload", change, [](const Outcome&) {});
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
  const auto change = WithOutcome(Outcome());
  call.calls().Change(call.context(), "reload", change, [](const Outcome&) {});
  call.RunLoop();
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(
      text, testing::HasSubstr("admin: reload asked for over the socket by uid 1000 (pid 4711)\n"));
}

TEST(AdminCalls, EndThoseUnderWayWhenTheyAreClosed) {
  TestCall call;
  bool is_filled = false;
  call.calls().Read(call.context(), [&] { is_filled = true; });
  call.calls().Close();
  ASSERT_TRUE(call.status().has_value());
  EXPECT_EQ(call.status()->error_code(), grpc::StatusCode::UNAVAILABLE);
  call.RunLoop();
  EXPECT_FALSE(is_filled);
}

TEST(AdminCalls, EndEveryLaterOneWhenTheyAreClosed) {
  TestCall call;
  call.calls().Close();
  call.calls().Read(call.context(), [] {});
  ASSERT_TRUE(call.status().has_value());
  EXPECT_EQ(call.status()->error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(AdminCalls, AreBusyWhileOneIsUnderWay) {
  TestCall call;
  EXPECT_FALSE(call.calls().IsBusy());
  call.calls().Read(call.context(), [] {});
  EXPECT_TRUE(call.calls().IsBusy());
  call.RunLoop();
  EXPECT_FALSE(call.calls().IsBusy());
}

TEST(AdminCalls, MayBeGoneWhenTheOutcomeOfAChangeComes) {
  TestCall call;
  auto calls = std::make_unique<AdminCalls>(call.loop(), call.log(), Peer());
  Reply reply;
  const std::function<void(Reply)> change = [&](Reply later) { reply = std::move(later); };
  bool is_filled = false;
  calls->Change(call.context(), "quit", change, [&](const Outcome&) { is_filled = true; });
  call.RunLoop();
  calls->Close();
  calls.reset();
  reply(Outcome());
  EXPECT_FALSE(is_filled);
}

TEST(AdminCalls, DropTheOutcomeOfAChangeThatComesTooLate) {
  TestCall call;
  Reply reply;
  const std::function<void(Reply)> change = [&](Reply later) { reply = std::move(later); };
  bool is_filled = false;
  call.calls().Change(call.context(), "quit", change, [&](const Outcome&) { is_filled = true; });
  call.RunLoop();
  call.calls().Close();
  reply(Outcome());
  EXPECT_FALSE(is_filled);
}

}  // namespace
}  // namespace muster::master
