#include "muster/examples/events/event_log.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/testkit/fake_context.h"

namespace muster::examples {
namespace {

class EventLogTest : public testing::Test {
 protected:
  // "1:a 2:b"
  static std::string Behind(EventLog& log, std::uint64_t number) {
    std::string all;
    for (auto events = log.ReadBehind(number); !events.empty(); events = log.ReadBehind(number)) {
      for (const EventLog::Event& event : events) {
        absl::StrAppend(&all, all.empty() ? "" : " ", event.number, ":", event.text);
        number = event.number;
      }
    }
    return all;
  }

  worker::testkit::FakeContext context_{"zone { name: 'events' size_bytes: 2097152 }"};
  EventLog log_ = *EventLog::Open(context_);
};

TEST_F(EventLogTest, NumbersWhatAnyWorkerPublishes) {
  EXPECT_EQ(log_.last(), 0u);
  EXPECT_EQ(Behind(log_, 0), "");
  EXPECT_EQ(log_.Append("a"), 1u);
  const auto other = context_.NewWorker();
  EXPECT_EQ(EventLog::Open(*other)->Append(""), 2u);
  EXPECT_EQ(log_.Append("c"), 3u);
  EXPECT_EQ(Behind(log_, 0), "1:a 2: 3:c");
  EXPECT_EQ(Behind(log_, 2), "3:c");
  EXPECT_EQ(Behind(log_, 3), "");
  EXPECT_EQ(Behind(log_, 99), "");
  EXPECT_EQ(log_.last(), 3u);
}

TEST_F(EventLogTest, KeepsTheLastEvents) {
  const std::string longest(EventTable::kMostBytes, 'x');
  for (std::uint64_t i = 1; i <= EventTable::kMostEvents + 10; ++i) log_.Append(longest);
  const std::vector<EventLog::Event> first = log_.ReadBehind(0);
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(first.front().number, 12u);
  EXPECT_EQ(first.front().text, longest);
}

}  // namespace
}  // namespace muster::examples
