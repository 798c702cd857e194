#include <signal.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/line_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

// Publishes "event" on any connection. The event's number; nothing: the worker did not answer.
std::optional<std::uint64_t> Publish(const std::string& address) {
  HttpClient client(address);
  client.Send("POST /events HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nevent");
  const auto response = client.Receive();
  std::uint64_t number = 0;
  if (!response.has_value() || !absl::SimpleAtoi(response->body, &number)) return std::nullopt;
  return number;
}

// Subscribes as a browser does: when its response ends it comes back with the last id that it saw,
// on a connection of its own each time.
class EventSource {
 public:
  explicit EventSource(std::string address) : address_(std::move(address)) {
    Connect("");
    thread_ = std::thread([this] { problem_ = Run(); });
  }
  ~EventSource() {
    is_stopped_ = true;
    Join();
  }

  // Until it has seen this event, or a later one.
  void SetLast(std::uint64_t number) { until_ = number; }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t seen() const { return seen_; }
  int connections() const { return connections_; }
  // Empty: it saw each event once, in their order.
  const std::string& problem() const { return problem_; }

 private:
  static constexpr int kMostConnections = 100'000;

  void Connect(const std::string& fields) {
    client_ = std::make_unique<LineClient>(address_);
    client_->SendBytes(absl::StrCat("GET /events HTTP/1.1\r\nHost: test\r\n", fields, "\r\n"));
    ++connections_;
  }
  std::string Run() {
    while (!is_stopped_) {
      const std::optional<std::string> received = client_->Receive();
      if (!received.has_value() || *received == "0\r") {
        if (connections_ > kMostConnections) return "it comes back for ever";
        Connect(absl::StrCat("Last-Event-ID: ", seen_.load(), "\r\n"));
        continue;
      }
      absl::string_view line = *received;
      std::uint64_t number = 0;
      if (!absl::ConsumePrefix(&line, "id: ")) continue;
      if (!absl::SimpleAtoi(line, &number)) return absl::StrCat("a strange id: ", line);
      if (number != seen_ + 1) return absl::StrCat("event ", number, " behind ", seen_.load());
      seen_ = number;
      if (until_ != 0 && number >= until_) return "";
    }
    return "it was stopped";
  }

  const std::string address_;
  std::unique_ptr<LineClient> client_;
  std::atomic<std::uint64_t> seen_{0};
  std::atomic<std::uint64_t> until_{0};
  std::atomic<int> connections_{0};
  std::atomic<bool> is_stopped_{false};
  std::string problem_ = "it did not run";
  std::thread thread_;
};

class Publisher {
 public:
  explicit Publisher(const std::string& address)
      : thread_([this, address] {
          while (!is_stopped_) {
            const std::optional<std::uint64_t> number = Publish(address);
            if (number.has_value()) last_ = *number;
          }
        }) {}
  ~Publisher() { Stop(); }

  void Stop() {
    is_stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t last() const { return last_; }

 private:
  std::atomic<bool> is_stopped_{false};
  std::atomic<std::uint64_t> last_{0};
  std::thread thread_;
};

// Three subscribers, which have begun before the first event.
class EventsOverTime : public testing::Test {
 protected:
  void Begin() {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    for (int i = 0; i < 3; ++i) {
      sources_.push_back(std::make_unique<EventSource>(muster_.address()));
    }
    // The first event is not published before all have subscribed.
    ASSERT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
      return status.stats().total().responses_2xx() >= 3;
    }));
    publisher_ = std::make_unique<Publisher>(muster_.address());
  }
  // Some more events have reached every subscriber.
  bool AwaitEvents(std::uint64_t count) {
    const std::uint64_t goal = publisher_->last() + count;
    return muster_.AwaitStatus([&](const admin::v1::Status&) {
      for (const auto& source : sources_) {
        if (source->seen() < goal) return false;
      }
      return true;
    });
  }
  void ExpectThatNoneWasMissed() {
    publisher_->Stop();
    // That no answer told of.
    const std::optional<std::uint64_t> last = Publish(muster_.address());
    ASSERT_TRUE(last.has_value());
    for (const auto& source : sources_) source->SetLast(*last);
    // One that has seen it already ends with this.
    ASSERT_TRUE(Publish(muster_.address()).has_value());
    for (const auto& source : sources_) {
      source->Join();
      EXPECT_EQ(source->problem(), "");
    }
  }

  RunningMaster muster_{ExampleConfig("events", "crash_loop_limit: 1000"), ExampleWorker("events")};
  std::vector<std::unique_ptr<EventSource>> sources_;
  std::unique_ptr<Publisher> publisher_;
};

TEST_F(EventsOverTime, AreNotMissedOverReloads) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  for (std::uint64_t generation = 2; generation <= 5; ++generation) {
    ASSERT_TRUE(AwaitEvents(20));
    const Finished reload = muster_.Ctl({"reload"});
    ASSERT_EQ(reload.exit, 0) << reload.errors;
  }
  ASSERT_TRUE(AwaitEvents(20));
  ASSERT_NO_FATAL_FAILURE(ExpectThatNoneWasMissed());
  for (const auto& source : sources_) EXPECT_GE(source->connections(), 5);
  EXPECT_TRUE(AwaitGeneration(muster_, 5)) << "the old workers do not wait for their subscribers";
  EXPECT_EQ(muster_.Status().stats().total().closed_at_deadline(), 0u);
}

TEST_F(EventsOverTime, AreNotMissedWhenWorkersAreKilled) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  for (int round = 0; round < 4; ++round) {
    ASSERT_TRUE(AwaitEvents(20));
    const std::vector<pid_t> workers = muster_.WorkerPids();
    ASSERT_FALSE(workers.empty());
    const pid_t victim = workers[static_cast<std::size_t>(round) % workers.size()];
    const ipc::UniqueFd watch = OpenProcess(victim);
    ASSERT_EQ(::kill(victim, SIGKILL), 0);
    ASSERT_TRUE(AwaitDeath(watch.get()));
  }
  ASSERT_TRUE(AwaitEvents(20));
  ASSERT_NO_FATAL_FAILURE(ExpectThatNoneWasMissed());
}

}  // namespace
}  // namespace muster::tests
