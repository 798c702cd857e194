// The real binary and a stream of events.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A master that has had some events, and hangs up after it has sent them.
class CtlEvents : public Ctl {
 protected:
  using Request = v1::WatchEventsRequest;
  using Response = v1::WatchEventsResponse;

  CtlEvents() {
    admin_.Stream([this](const Request& request, const FakeAdmin::Writer<Response>& write) {
      const int call = ++calls_;
      // From one number on, in batches of two.
      std::uint64_t number =
          request.from() == 0 ? last_ + 1 - std::min(last_, request.last()) : request.from();
      do {
        Response batch;
        batch.set_instance("run");
        if (number < first_) {
          batch.set_missed(first_ - number);
          number = first_;
        }
        for (int i = 0; i < 2 && number <= last_; ++i, ++number) {
          v1::Event* event = batch.add_events();
          event->set_number(number);
          event->set_kind(v1::Event::WORKER_CRASHED);
          event->set_text(absl::StrCat("event ", number));
        }
        batch.set_next(number);
        batch.set_end(last_ + 1);
        if (!write(batch)) return grpc::Status::CANCELLED;
      } while (number <= last_);
      asked_ = request;
      return end_(call);
    });
  }

  std::uint64_t first_ = 1;
  std::uint64_t last_ = 3;
  std::function<grpc::Status(int call)> end_ = [](int) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "hung up");
  };
  std::atomic<int> calls_ = 0;
  Request asked_;
};

TEST_F(CtlEvents, AreThoseThatTheMasterKeeps) {
  Serve();
  const Result result = RunCtl({"-m", socket_, "events"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.out, AllOf(HasSubstr("1  worker-crashed     event 1\n"),
                                HasSubstr("3  worker-crashed     event 3\n")));
  EXPECT_THAT(result.error, IsEmpty());
}

TEST_F(CtlEvents, BeginWithTheNumberThatIsAskedFor) {
  Serve();
  EXPECT_THAT(RunCtl({"-m", socket_, "events", "--from", "3"}).out,
              AllOf(HasSubstr("event 3"), Not(HasSubstr("event 2"))));
  EXPECT_EQ(RunCtl({"-m", socket_, "events", "--from", "4"}).out, "");
}

TEST_F(CtlEvents, TellHowManyAreNotKept) {
  first_ = 3;
  Serve();
  const Result result = RunCtl({"-m", socket_, "events"});
  EXPECT_THAT(result.out, HasSubstr("-- 2 events missed --\n"));
  EXPECT_THAT(RunCtl({"-m", socket_, "-o", "json", "events"}).out,
              HasSubstr("{\"missed\":\"2\"}\n"));
}

TEST_F(CtlEvents, AreAnObjectOnEachLineForPrograms) {
  Serve();
  const Result result = RunCtl({"-m", socket_, "-o", "json", "events", "--from", "3"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("\"number\":\"3\""), HasSubstr("\"text\":\"event 3\"")));
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1);
}

TEST_F(CtlEvents, EndAtTheLastOneAlsoIfItIsOfAnotherKind) {
  Serve();
  const Result result = RunCtl({"-m", socket_, "events", "--kind", "log"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(result.out, "");
  StopServing();
  EXPECT_TRUE(asked_.kind().empty()) << "the master would send nothing at the end";
}

TEST_F(CtlEvents, AreAskedForByKindWhileTheyAreFollowed) {
  end_ = [](int) { return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more"); };
  Serve();
  RunCtl({"-m", socket_, "events", "-f", "--kind", "worker-crashed", "--kind", "log"});
  StopServing();
  EXPECT_THAT(asked_.kind(), ::testing::ElementsAre(v1::Event::WORKER_CRASHED, v1::Event::LOG));
  const Result wrong = RunCtl({"-m", socket_, "events", "--kind", "worker-crash"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.error, HasSubstr("did you mean \"worker-crashed\"?"));
}

TEST_F(CtlEvents, AreAskedForByKindsWithCommas) {
  end_ = [](int) { return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more"); };
  Serve();
  RunCtl({"-m", socket_, "events", "-f", "--kind", "worker-crashed,log"});
  StopServing();
  EXPECT_THAT(asked_.kind(), ::testing::ElementsAre(v1::Event::WORKER_CRASHED, v1::Event::LOG));
}

TEST_F(CtlEvents, GoOnFromTheNextOneAfterALostConnection) {
  // The first call is lost after all events; more come then.
  end_ = [this](int call) {
    last_ = 5;
    if (call < 2) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "hung up");
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more");
  };
  Serve();
  const Result result = RunCtl({"-m", socket_, "events", "--follow"});
  EXPECT_EQ(result.code, 1);
  for (int i = 1; i <= 5; ++i) {
    const std::string line = absl::StrCat("event ", i, "\n");
    const std::size_t at = result.out.find(line);
    EXPECT_NE(at, result.out.npos) << result.out;
    EXPECT_EQ(result.out.find(line, at + 1), result.out.npos) << result.out;
  }
  EXPECT_THAT(result.error, AllOf(HasSubstr("trying again"), HasSubstr("connected again"),
                                  HasSubstr("ctl: no more\n")));
}

TEST_F(CtlEvents, AreAskedForLessAndLessOftenWhileTheStreamEndsAtOnce) {
  admin_.Stream([this](const Request&, const FakeAdmin::Writer<Response>& write) {
    const int call = ++calls_;
    if (call == 5) return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more");
    Response batch;
    batch.set_next(1);
    if (call == 1) write(batch);
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "hung \x1b[2Jup");
  });
  Serve();
  const Result result = RunCtl({"-m", socket_, "events", "--follow"});
  EXPECT_EQ(result.code, 1);
  // It is said at the first pause alone.
  const std::string again = "trying again\n";
  const std::size_t said = result.error.find(again);
  EXPECT_NE(said, result.error.npos) << result.error;
  EXPECT_EQ(result.error.find(again, said + 1), result.error.npos) << result.error;
  EXPECT_THAT(result.error, AllOf(Not(HasSubstr("connected again")), HasSubstr("hung \\x1b[2Jup")));
}

// A master may allow no more.
TEST_F(CtlEvents, TakeOneStream) {
  end_ = [](int) { return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more"); };
  Serve();
  RunCtl({"-m", socket_, "events"});
  EXPECT_EQ(calls_, 1);
  RunCtl({"-m", socket_, "events", "--follow"});
  EXPECT_EQ(calls_, 2);
}

TEST_F(CtlEvents, GoOnWhenTheMasterTakesThemForOneStreamTooManyAfterALostConnection) {
  end_ = [](int call) {
    if (call == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "hung up");
    if (call == 2) return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many");
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more");
  };
  Serve();
  const Result result = RunCtl({"-m", socket_, "events", "--follow"});
  EXPECT_EQ(calls_, 3);
  EXPECT_THAT(result.error, HasSubstr("ctl: no more\n"));
}

TEST_F(CtlEvents, AreRefusedAtTheBeginningIfThereAreTooManyStreams) {
  admin_.Stream([this](const Request&, const FakeAdmin::Writer<Response>&) {
    ++calls_;
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many");
  });
  Serve();
  EXPECT_EQ(RunCtl({"-m", socket_, "events", "--follow"}).code, 1);
  EXPECT_EQ(calls_, 1);
}

TEST_F(CtlEvents, BeginWithTheLastTenWhenTheyAreFollowed) {
  last_ = 100;
  end_ = [](int) { return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no more"); };
  Serve();
  EXPECT_THAT(RunCtl({"-m", socket_, "events", "-f"}).out,
              AllOf(HasSubstr("event 91\n"), HasSubstr("event 100\n"), Not(HasSubstr("event 90"))));
}

}  // namespace
}  // namespace muster::ctl
