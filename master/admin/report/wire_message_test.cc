#include "muster/master/admin/report/wire_message.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {
namespace {

using admin::v1::Counters;
using admin::v1::Worker;

Worker WorkerOf(const WireMessage& message) {
  Worker worker;
  EXPECT_TRUE(
      worker.ParseFromArray(message.bytes().data(), static_cast<int>(message.bytes().size())));
  return worker;
}

TEST(WireMessage, HasNumbersOfAnySize) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128},
                                     std::numeric_limits<std::uint64_t>::max()}) {
    WireMessage message(8);
    message.AddNumber(Worker::kGenerationFieldNumber, number);
    message.AddNumber(Worker::kResidentBytesFieldNumber, number);  // whose tag has two bytes
    EXPECT_EQ(WorkerOf(message).generation(), number);
    EXPECT_EQ(WorkerOf(message).resident_bytes(), number);
  }
}

TEST(WireMessage, HasSubmessagesAlsoEmptyOnes) {
  WireMessage message(8);
  message.AddMessage(Worker::kCountersFieldNumber, Counters());
  message.AddMessage(Worker::kAgeFieldNumber, "");
  EXPECT_TRUE(WorkerOf(message).has_counters());
  EXPECT_TRUE(WorkerOf(message).has_age());
  EXPECT_FALSE(WorkerOf(message).has_hung_for());
}

TEST(WireMessage, MergesThePartsOfASubmessage) {
  Counters first;
  first.set_requests(1);
  Counters second;
  second.set_accepted(300);
  WireMessage message(8);
  message.AddMessage(Worker::kCountersFieldNumber, first.SerializeAsString(),
                     second.SerializeAsString());
  const Worker worker = WorkerOf(message);
  EXPECT_EQ(worker.counters().requests(), 1u);
  EXPECT_EQ(worker.counters().accepted(), 300u);
}

TEST(WireMessage, HasOfANumberThatIsAddedAgainTheLastOne) {
  Worker before;
  before.set_state(Worker::SERVING);
  WireMessage message(8);
  message.AddFields(before.SerializeAsString());
  message.AddNumber(Worker::kStateFieldNumber, Worker::HUNG);
  EXPECT_EQ(WorkerOf(message).state(), Worker::HUNG);
}

TEST(WireMessage, IsEmptyAfterClear) {
  WireMessage message(8);
  message.AddNumber(Worker::kPidFieldNumber, 4711);
  message.Clear();
  EXPECT_EQ(message.bytes(), "");
}

}  // namespace
}  // namespace muster::master
