#include "muster/ctl/top/top_sender.h"

#include <poll.h>

#include <future>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/master/master_connection.h"
#include "muster/ctl/testing/ctl_fixture.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;
using ::testing::HasSubstr;

constexpr TopOrder kDrain = {
    .change = v1::ChangeWorkerRequest::DRAIN, .number = 1, .generation = 2, .pid = 4712};

// To a fake master whose worker 1 is the one that kDrain means.
class TopSending : public Ctl {
 protected:
  TopSending() {
    admin_.Answer([this](const v1::GetStatusRequest&, v1::Status* status) {
      status->mutable_master()->set_generation(2);
      v1::Worker* const worker = status->add_workers();
      worker->set_index(1);
      worker->set_generation(2);
      worker->set_pid(pid_);
      worker->set_state(v1::Worker::SERVING);
      return grpc::Status::OK;
    });
    admin_.Answer([this](const v1::ChangeWorkerRequest& request, v1::ChangeWorkerResponse* answer) {
      request_ = request;
      answer->add_warning("it was slow");
      return grpc::Status::OK;
    });
  }
  TopSender MakeSender() {
    return TopSender(
        [this] { return MasterConnection::Open({.label = "web", .paths = {socket_}}, {}); });
  }
  static TopOutcome Await(TopSender& sender) {
    pollfd readable = {.fd = sender.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&readable, 1, 30'000), 1);
    return sender.Take().value_or(
        TopOutcome{.unsent = "", .answer = absl::UnknownError("no outcome")});
  }

  int pid_ = 4712;
  std::optional<v1::ChangeWorkerRequest> request_;  // that has come
};

TEST_F(TopSending, BringsTheAnswer) {
  Serve();
  TopSender sender = MakeSender();
  EXPECT_FALSE(sender.Take().has_value());
  for (int i = 0; i < 2; ++i) {
    sender.Send(kDrain);
    const TopOutcome outcome = Await(sender);
    EXPECT_EQ(outcome.unsent, "");
    ASSERT_TRUE(outcome.answer.ok()) << outcome.answer.status();
    EXPECT_EQ(outcome.answer->warning(0), "it was slow");
    EXPECT_FALSE(sender.Take().has_value()) << "it was taken";
  }
  EXPECT_EQ(request_->index(), 1u);
  EXPECT_EQ(request_->change(), v1::ChangeWorkerRequest::DRAIN);
}

TEST_F(TopSending, SaysWhichProcessIsMeantSinceItMayBeReplacedMeanwhile) {
  Serve();
  TopSender sender = MakeSender();
  sender.Send(kDrain);
  EXPECT_TRUE(Await(sender).answer.ok());
  EXPECT_EQ(request_->only_if().pid(), 4712);
  EXPECT_EQ(request_->only_if().generation(), 2u);
}

TEST_F(TopSending, SaysThatNoProcessIsMeant) {
  pid_ = 0;
  Serve();
  TopSender sender = MakeSender();
  TopOrder order = kDrain;
  order.pid = 0;
  sender.Send(order);
  EXPECT_TRUE(Await(sender).answer.ok());
  EXPECT_TRUE(request_->only_if().has_pid());
  EXPECT_EQ(request_->only_if().pid(), 0);
}

TEST_F(TopSending, AsksTheMasterFirstWhetherTheProcessIsThere) {
  pid_ = 4720;
  Serve();
  TopSender sender = MakeSender();
  sender.Send(kDrain);
  EXPECT_EQ(Await(sender).unsent, "it was replaced by pid 4720");
  EXPECT_FALSE(request_.has_value());
}

TEST_F(TopSending, SendsNothingWithoutAMaster) {
  TopSender sender = MakeSender();
  sender.Send(kDrain);
  EXPECT_THAT(Await(sender).unsent, HasSubstr("no master"));
}

TEST_F(TopSending, EndsWithTheCallUnderWay) {
  std::promise<void> called;
  std::promise<void> end;
  std::future<void> until_end = end.get_future();
  admin_.Answer([&](const v1::ChangeWorkerRequest&, v1::ChangeWorkerResponse*) {
    called.set_value();
    until_end.wait();
    return grpc::Status::OK;
  });
  Serve();
  {
    TopSender sender = MakeSender();
    sender.Send(kDrain);
    called.get_future().wait();
  }
  end.set_value();
  StopServing();  // what the function uses ends with this one
}

}  // namespace
}  // namespace muster::ctl
