#include "muster/ctl/text/zone_text.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

template <typename Message>
Message Read(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

TEST(ZoneText, HasARowForEachZone) {
  EXPECT_EQ(RenderZones(Read<v1::ListZonesResponse>(
                "zones { name: 'z' size_bytes: 100 object_bytes: 40 objects: 3 participants: 2 "
                "kinds { kind: 'mutex' objects: 1 } kinds { kind: 'plain' objects: 2 } } "
                "zones { name: 'empty' dead: 1 damaged: 2 }")),
            "ZONE    SIZE  USED  OBJECTS  PROCESSES  DEAD  DAMAGED  KINDS\n"
            "z      100 B  40 B        3          2     0        0  1 mutex, 2 plain\n"
            "empty    0 B   0 B        0          0     1        2  -\n");
}

TEST(ZoneText, SaysWhoHoldsALockAndWhoWaits) {
  EXPECT_EQ(
      RenderLocks(Read<v1::ListLocksResponse>(
          "locks { name: 'accept_mutex' kind: 'mutex' owners { slot: 3 pid: 7 worker { index: "
          "1 generation: 2 } } has_waiters: true waits: 1234 recoveries: 5 } "
          "locks { zone: 'z' name: 'm' kind: 'rwlock' readers { slot: 4 } readers { pid: 9 } "
          "owner_died: true } "
          "locks { zone: 'z' name: 'n' kind: 'once' is_not_recoverable: true } left_out: 2")),
      "ZONE  LOCK          KIND    WAITS  RECOVERIES  HELD BY                   STATE\n"
      "-     accept_mutex  mutex    1234           5  worker 1 of generation 2  waited for\n"
      "z     m             rwlock      -           -  -                         read by slot 4, "
      "pid "
      "9; an owner died\n"
      "z     n             once        -           -  -                         not recoverable\n"
      "and 2 locks more\n");
}

}  // namespace
}  // namespace muster::ctl
