// The streams of the admin service, over real connections.

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/admin/server/admin_server_fixture.h"

namespace muster::master {
namespace {

using admin::v1::Event;
using admin::v1::WatchEventsRequest;
using admin::v1::WatchEventsResponse;
using ::testing::ElementsAre;

class AdminServerWatchTest : public AdminServerTest {
 protected:
  void Tell(const std::string& text, Event::Kind kind = Event::LOG) {
    Event event;
    event.set_kind(kind);
    event.set_text(text);
    events_.Add(std::move(event));
  }

  // A call of WatchEvents.
  struct Watch {
    Watch(const std::shared_ptr<grpc::Channel>& channel, const WatchEventsRequest& request)
        : stub(admin::v1::Admin::NewStub(channel)), reader(stub->WatchEvents(&context, request)) {}
    ~Watch() { context.TryCancel(); }

    // Reads until it has so many texts. Fewer: the call ended.
    std::vector<std::string> Texts(std::size_t count) {
      std::vector<std::string> texts;
      WatchEventsResponse response;
      while (texts.size() < count && reader->Read(&response)) {
        missed += response.missed();
        for (const Event& event : response.events()) texts.push_back(event.text());
      }
      return texts;
    }

    grpc::ClientContext context;
    std::unique_ptr<admin::v1::Admin::Stub> stub;
    std::unique_ptr<grpc::ClientReader<WatchEventsResponse>> reader;
    std::uint64_t missed = 0;
  };

  std::atomic<int> calls_ = 0;

  static WatchEventsRequest From(std::uint64_t number) {
    WatchEventsRequest request;
    request.set_from(number);
    return request;
  }
};

TEST_F(AdminServerWatchTest, SaysAtOnceWhereTheReaderIs) {
  Tell("before");
  Start();
  const WatchEventsResponse first = Serve([&] {
    Watch watch(Connect(), {});
    WatchEventsResponse response;
    EXPECT_TRUE(watch.reader->Read(&response));
    return response;
  });
  EXPECT_EQ(first.events_size(), 0);
  EXPECT_EQ(first.next(), 2u);
  EXPECT_EQ(first.instance(), events_.instance());
}

TEST_F(AdminServerWatchTest, SendsTheLastOnesBeforeTheCallToo) {
  for (const char* text : {"a", "b", "c"}) Tell(text);
  Start();
  const auto with_last = [this](std::uint64_t last) {
    return Serve([&] {
      WatchEventsRequest request;
      request.set_last(last);
      Watch watch(Connect(), request);
      WatchEventsResponse response;
      EXPECT_TRUE(watch.reader->Read(&response));
      return response;
    });
  };
  const WatchEventsResponse two = with_last(2);
  ASSERT_EQ(two.events_size(), 2);
  EXPECT_EQ(two.events(0).text(), "b");
  EXPECT_EQ(two.end(), 4u);
  EXPECT_EQ(with_last(~std::uint64_t{0}).events_size(), 3);
}

TEST_F(AdminServerWatchTest, SaysWhereTheEventsEndThatHaveHappened) {
  for (int i = 0; i < 300; ++i) Tell("a");
  Start();
  const WatchEventsResponse first = Serve([&] {
    Watch watch(Connect(), From(1));
    WatchEventsResponse response;
    EXPECT_TRUE(watch.reader->Read(&response));
    return response;
  });
  EXPECT_LT(first.next(), first.end()) << "they are more than one message has";
  EXPECT_EQ(first.end(), 301u);
}

TEST_F(AdminServerWatchTest, SendsWhatHappensAfterTheCallBegan) {
  Tell("before");
  Start();
  EXPECT_THAT(Serve([&] {
                Watch watch(Connect(), {});
                WatchEventsResponse response;
                EXPECT_TRUE(watch.reader->Read(&response));
                Tell("a");
                Tell("b");
                return watch.Texts(2);
              }),
              ElementsAre("a", "b"));
}

TEST_F(AdminServerWatchTest, IsCountedOnceHoweverItEnds) {
  Start();
  const std::string path = "/muster.admin.v1.Admin/WatchEvents";
  Serve([&] {
    {
      Watch watch(Connect(), {});
      WatchEventsResponse response;
      EXPECT_TRUE(watch.reader->Read(&response));
    }
    EXPECT_THAT(AwaitCounted(1), ElementsAre(absl::StrCat(path, " 1"))) << "it was cancelled";
    WatchEventsRequest request;
    request.mutable_interval()->set_seconds(-1);
    EXPECT_THAT(Watch(Connect(), request).Texts(1), ElementsAre());
    EXPECT_THAT(AwaitCounted(2), ElementsAre(absl::StrCat(path, " 1"), absl::StrCat(path, " 3")))
        << "it was refused";
    return 0;
  });
}

TEST_F(AdminServerWatchTest, GoesOnFromANumber) {
  for (const char* text : {"a", "b", "c"}) Tell(text);
  Start();
  EXPECT_THAT(Serve([&] { return Watch(Connect(), From(2)).Texts(2); }), ElementsAre("b", "c"));
}

TEST_F(AdminServerWatchTest, SendsAllThatThereIsToWhoComesFromAnotherRun) {
  for (const char* text : {"a", "b"}) Tell(text);
  Start();
  WatchEventsRequest request = From(2);
  request.set_instance("another");
  EXPECT_THAT(Serve([&] { return Watch(Connect(), request).Texts(2); }), ElementsAre("a", "b"));
}

TEST_F(AdminServerWatchTest, SendsOnlyTheKindsThatAreWanted) {
  Start();
  WatchEventsRequest request = From(1);
  request.add_kind(Event::GENERATION_SERVES);
  request.add_kind(Event::CALL);
  Tell("a", Event::CALL);
  Tell("b", Event::LOG);
  Tell("c", Event::GENERATION_SERVES);
  EXPECT_THAT(Serve([&] { return Watch(Connect(), request).Texts(2); }), ElementsAre("a", "c"));
}

TEST_F(AdminServerWatchTest, TellsHowFarAReaderIsWhoseKindsDidNotHappen) {
  Start();
  WatchEventsRequest request = From(1);
  request.add_kind(Event::CALL);
  Tell("a", Event::CALL);
  // More than one message looks at, and the last ones are of another kind.
  for (int i = 0; i < 600; ++i) Tell("b");
  Serve([&] {
    Watch watch(Connect(), request);
    WatchEventsResponse response;
    std::size_t events = 0;
    while (response.next() < 602 && watch.reader->Read(&response)) events += response.events_size();
    EXPECT_EQ(response.next(), 602u);
    EXPECT_EQ(events, 1u);
    // So it is for those that come later.
    Tell("c");
    EXPECT_TRUE(watch.reader->Read(&response));
    EXPECT_EQ(response.next(), 603u);
    EXPECT_EQ(response.events_size(), 0);
    return 0;
  });
}

TEST_F(AdminServerWatchTest, SendsMoreThanOneMessageHasRoomFor) {
  Start();
  for (int i = 0; i < 1000; ++i) Tell(absl::StrCat(i));
  const std::vector<std::string> texts =
      Serve([&] { return Watch(Connect(), From(1)).Texts(1000); });
  ASSERT_EQ(texts.size(), 1000u);
  EXPECT_EQ(texts.back(), "999");
}

TEST_F(AdminServerWatchTest, TellsHowMuchIsNotKeptAnyMore) {
  for (std::size_t i = 0; i < EventRing::kCapacity + 5; ++i) Tell("x");
  Start();
  EXPECT_EQ(Serve([&] {
              Watch watch(Connect(), From(1));
              watch.Texts(EventRing::kCapacity);
              return watch.missed;
            }),
            5u);
}

TEST_F(AdminServerWatchTest, TellsASlowReaderWhatItMissedAndLetsOthersGoOn) {
  Start();
  Serve([&] {
    Watch slow(Connect(), From(1));
    Watch quick(Connect(), From(1));
    const std::string text(EventRing::kMostTextBytes, 'x');
    std::size_t told = 0;
    // More than the sockets and gRPC hold, and more than the ring keeps.
    for (int round = 0; round < 40; ++round) {
      for (int i = 0; i < 250; ++i) Tell(text);
      told += 250;
      EXPECT_EQ(quick.Texts(250).size(), 250u);
    }
    EXPECT_EQ(quick.missed, 0u);
    std::size_t read = 0;
    while (read + slow.missed < told) {
      const std::size_t more = slow.Texts(1).size();
      if (more == 0) break;
      read += more;
    }
    EXPECT_GT(slow.missed, 0u);
    EXPECT_EQ(read + slow.missed, told);
    return 0;
  });
}

TEST_F(AdminServerWatchTest, IsSharedByManyCallsOfOneConnection) {
  Start();
  Serve([&] {
    const auto channel = Connect();
    std::vector<std::unique_ptr<Watch>> watches;
    WatchEventsRequest request = From(1);
    request.mutable_interval()->set_nanos(1'000'000);
    for (int i = 0; i < 90; ++i) watches.push_back(std::make_unique<Watch>(channel, request));
    for (int i = 0; i < 50; ++i) Tell(absl::StrCat(i));
    for (const auto& watch : watches) EXPECT_EQ(watch->Texts(50).back(), "49");
    return 0;
  });
}

TEST_F(AdminServerWatchTest, EndsWhenTheMasterLeaves) {
  Start();
  auto watch = std::make_unique<Watch>(Connect(), WatchEventsRequest());
  Serve([&] {
    WatchEventsResponse response;
    return watch->reader->Read(&response);
  });
  auto status = std::async(std::launch::async, [&] {
    watch->Texts(1);
    return watch->reader->Finish();
  });
  server_.reset();
  EXPECT_EQ(status.get().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(AdminServerWatchTest, RefusesAnIntervalThatIsNone) {
  Start();
  WatchEventsRequest request;
  request.mutable_interval()->set_seconds(-1);
  const grpc::Status status = Serve([&] {
    Watch watch(Connect(), request);
    watch.Texts(1);
    return watch.reader->Finish();
  });
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "interval: must be from 0s to 3600s");
}

TEST_F(AdminServerWatchTest, SendsTheStatusAndThenWhatHasChanged) {
  std::atomic<int> generation = 1;
  operations_.status = [&] {
    admin::v1::Status status;
    status.mutable_master()->set_generation(static_cast<std::uint64_t>(generation.load()));
    // Changes by waiting.
    status.mutable_master()->mutable_uptime()->set_nanos(generation.load() + ++calls_);
    return status;
  };
  Start();
  Serve([&] {
    grpc::ClientContext context;
    admin::v1::WatchStatusRequest request;
    request.mutable_interval()->set_nanos(100'000'000);
    const auto stub = admin::v1::Admin::NewStub(Connect());
    const auto reader = stub->WatchStatus(&context, request);
    admin::v1::Status status;
    EXPECT_TRUE(reader->Read(&status));
    EXPECT_EQ(status.master().generation(), 1u);
    // It looks some more times, and finds nothing that is news.
    const int before = calls_;
    while (calls_ < before + 3) std::this_thread::yield();
    generation = 2;
    EXPECT_TRUE(reader->Read(&status));
    EXPECT_EQ(status.master().generation(), 2u);
    context.TryCancel();
    return 0;
  });
}

}  // namespace
}  // namespace muster::master
