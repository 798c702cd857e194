#include "muster/worker/zone/zone_layout.h"

#include <array>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/zone/zone_layout.h"
#include "muster/worker/zone/event_board.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;

std::string ReadPage() {
  std::ifstream page("docs/MEMORY_LAYOUT.md");
  return std::string(std::istreambuf_iterator<char>(page), {});
}

std::string Row(absl::string_view name, std::size_t offset, absl::string_view rest) {
  return absl::StrCat("| ", name, " | ", offset, " | ", rest);
}

TEST(MemoryLayoutPage, HasThePlacesOfTheBlocks) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(Row("header", offsetof(ZoneFront, header),
                                  absl::StrCat(sizeof(ipc::SharedHeader), " |"))));
  EXPECT_THAT(page, HasSubstr(Row("capacity", offsetof(ZoneFront, capacity), "4 |")));
  EXPECT_THAT(page, HasSubstr(Row("slots used", offsetof(ZoneFront, slots_used), "4 |")));
  EXPECT_THAT(page, HasSubstr(Row("accept mutex", offsetof(ZoneFront, accept_mutex),
                                  absl::StrCat(sizeof(ipc::MutexState), " |"))));
  EXPECT_THAT(page, HasSubstr(Row("registry", kRegistryOffset, "128 + 128 x capacity |")));
  EXPECT_THAT(page, HasSubstr(Row("master", offsetof(ZoneFront, master), "128 |")));
  EXPECT_THAT(page, HasSubstr("| statistics | 640 + 128 x capacity | 128 x capacity |"));
  EXPECT_THAT(page, HasSubstr("| workers | 640 + 256 x capacity | 128 x capacity |"));
  EXPECT_THAT(page, HasSubstr("| latencies | 640 + 384 x capacity | 1792 x capacity |"));
  EXPECT_THAT(page, HasSubstr("| requests | 640 + 2176 x capacity | 256 x capacity |"));
  EXPECT_THAT(page, HasSubstr("| last words | 640 + 2432 x capacity | 256 x capacity |"));
  EXPECT_THAT(page, HasSubstr("| events | 640 + 2688 x capacity | 16384 |"));
  EXPECT_THAT(page, HasSubstr(absl::StrCat("begin at ", StatsOffset(1024), " and the zone has ",
                                           ZoneBytes(1024), " bytes")));
}

TEST(MemoryLayoutPage, HasTheSizesInAUserZone) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(absl::StrCat("| header of a user zone | at 0 | ",
                                           sizeof(ipc::ZoneHeader), " |")));
  EXPECT_EQ(ipc::Registry::BytesFor(UserZone::kMostParticipants), 128u + 128u * 1024u);
  EXPECT_THAT(page, HasSubstr("| registry of a user zone | behind it | 128 + 128 x 1024 |"));
  EXPECT_THAT(page, HasSubstr(absl::StrCat("| entries | behind it | ", sizeof(ipc::ZoneEntry),
                                           " x objects |")));
  EXPECT_THAT(page, HasSubstr(absl::StrCat("room for ", UserZone::kMostParticipants)));
  EXPECT_THAT(page, HasSubstr(absl::StrCat("at most ", UserZone::kMostObjects, ".")));
}

TEST(MemoryLayoutPage, HasTheFieldsOfTheHeader) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(Row("magic", offsetof(ipc::SharedHeader, magic), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("layout version", offsetof(ipc::SharedHeader, layout_version),
                                  absl::StrCat("4 | ", kZoneShape.layout.layout_version, " |"))));
  EXPECT_THAT(page, HasSubstr(Row("state", offsetof(ipc::SharedHeader, state), "4 |")));
  EXPECT_THAT(page, HasSubstr(Row("ABI hash", offsetof(ipc::SharedHeader, abi_hash), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("size", offsetof(ipc::SharedHeader, size_bytes), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("instance id", offsetof(ipc::SharedHeader, instance_id), "8 |")));
}

TEST(MemoryLayoutPage, HasTheFieldsOfTheStatistics) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(Row("accepted", offsetof(SlotStats, accepted), "total |")));
  EXPECT_THAT(page, HasSubstr(Row("handled", offsetof(SlotStats, handled), "total |")));
  EXPECT_THAT(page, HasSubstr(Row("requests", offsetof(SlotStats, requests), "total |")));
  EXPECT_THAT(page,
              HasSubstr(Row("bytes received", offsetof(SlotStats, bytes_received), "total |")));
  EXPECT_THAT(page, HasSubstr(Row("bytes sent", offsetof(SlotStats, bytes_sent), "total |")));
  EXPECT_THAT(page, HasSubstr(Row("closed at deadline", offsetof(SlotStats, closed_at_deadline),
                                  "total |")));
  EXPECT_THAT(page, HasSubstr(Row("handed off", offsetof(SlotStats, handed_off), "total |")));
  EXPECT_THAT(page, HasSubstr(Row("adopted", offsetof(SlotStats, adopted), "total |")));
  EXPECT_THAT(page, HasSubstr(Row("active", offsetof(SlotStats, active), "gauge |")));
  EXPECT_THAT(page, HasSubstr(Row("reading", offsetof(SlotStats, reading), "gauge |")));
  EXPECT_THAT(page, HasSubstr(Row("writing", offsetof(SlotStats, writing), "gauge |")));
  EXPECT_THAT(page, HasSubstr(Row("waiting", offsetof(SlotStats, waiting), "gauge |")));
  EXPECT_THAT(page, HasSubstr(Row("responses", offsetof(SlotStats, responses), "4 totals:")));
}

TEST(MemoryLayoutPage, HasTheFieldsOfTheMaster) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(Row("pid", offsetof(MasterStatus, pid), "")));
  EXPECT_THAT(page, HasSubstr(Row("start time", offsetof(MasterStatus, start_time), "")));
  EXPECT_THAT(page, HasSubstr(Row("generation", offsetof(MasterStatus, generation), "")));
  EXPECT_THAT(page,
              HasSubstr(Row("worker processes", offsetof(MasterStatus, worker_processes), "")));
  EXPECT_THAT(page, HasSubstr(Row("reloads", offsetof(MasterStatus, reloads), "")));
  EXPECT_THAT(page, HasSubstr(Row("reloads refused", offsetof(MasterStatus, reloads_refused), "")));
  EXPECT_THAT(page, HasSubstr(Row("crashes", offsetof(MasterStatus, crashes), "")));
  EXPECT_THAT(page,
              HasSubstr(Row("its lost log lines", offsetof(MasterStatus, log_lines_lost), "")));
}

TEST(MemoryLayoutPage, HasTheFieldsOfAWorker) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(Row("phase", offsetof(WorkerStatus, phase), "")));
  EXPECT_THAT(page, HasSubstr(Row("its generation", offsetof(WorkerStatus, generation), "")));
  EXPECT_THAT(page, HasSubstr(Row("started", offsetof(WorkerStatus, started), "")));
  EXPECT_THAT(page, HasSubstr(Row("capacity", offsetof(WorkerStatus, capacity), "")));
  EXPECT_THAT(page, HasSubstr(Row("unsent", offsetof(WorkerStatus, unsent), "")));
  EXPECT_THAT(page, HasSubstr(Row("lost log lines", offsetof(WorkerStatus, log_lines_lost), "")));
  EXPECT_THAT(page, HasSubstr(Row("accept turns", offsetof(WorkerStatus, accept_turns), "")));
  EXPECT_THAT(page, HasSubstr(Row("stacks", offsetof(WorkerStatus, stacks), "")));
  EXPECT_THAT(page, HasSubstr(Row("requests cut", offsetof(WorkerStatus, requests_cut), "")));
  EXPECT_THAT(page, HasSubstr(Row("takes memory", offsetof(WorkerStatus, takes_memory), "")));
  EXPECT_THAT(page,
              HasSubstr(Row("refused over limit", offsetof(WorkerStatus, refused_over_limit), "")));
  EXPECT_THAT(page, HasSubstr(Row("refused by proxy protocol",
                                  offsetof(WorkerStatus, refused_by_proxy_protocol), "")));
}

TEST(MemoryLayoutPage, HasTheBucketsOfTheLatencies) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr("| shorter than 1 microsecond | 0 |"));
  EXPECT_THAT(page,
              HasSubstr(absl::StrCat("| 1 to 2^26 microseconds | 8 | ", 8 * kLatencyOctaves)));
  EXPECT_THAT(page, HasSubstr(absl::StrCat("| longer | ", 8 * (kLatencyBuckets - 1), " |")));
}

TEST(MemoryLayoutPage, HasTheFieldsOfARequest) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(Row("sequence", offsetof(RequestAtHand, sequence), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("began", offsetof(RequestAtHand, began), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("shape", offsetof(RequestAtHand, shape), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("address", offsetof(RequestAtHand, address), "16 |")));
  EXPECT_THAT(page, HasSubstr(Row("method", offsetof(RequestAtHand, method), "16 |")));
  EXPECT_THAT(page, HasSubstr(Row("path", offsetof(RequestAtHand, path), "200 |")));
}

TEST(MemoryLayoutPage, HasTheFieldsOfLastWords) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(Row("bytes", offsetof(LastWords, bytes), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("who", offsetof(LastWords, who), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("said at", offsetof(LastWords, time), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("their text", offsetof(LastWords, text), "232 |")));
}

TEST(MemoryLayoutPage, HasTheFieldsOfAnEvent) {
  const std::string page = ReadPage();
  EXPECT_THAT(page, HasSubstr(Row("number", offsetof(EventEntry, sequence), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("time", offsetof(EventEntry, time), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("of generation", offsetof(EventEntry, generation), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("its shape", offsetof(EventEntry, shape), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("of worker", offsetof(EventEntry, worker), "8 |")));
  EXPECT_THAT(page, HasSubstr(Row("its text", offsetof(EventEntry, text), "216 |")));
}

TEST(ZoneLayout, PutsEachBlockOnALineOfItsOwn) {
  EXPECT_EQ(kRegistryOffset % ipc::kCacheLineBytes, 0u);
  for (const std::size_t offset : ZoneOffsets(kZoneShape, 1)) {
    EXPECT_EQ(offset % ipc::kCacheLineBytes, 0u);
  }
  using Offsets = std::array<std::size_t, kZoneArrays>;
  EXPECT_EQ(ZoneOffsets(kZoneShape, 1024),
            (Offsets{640u + 128u * 1024, 640u + 256u * 1024, 640u + 384u * 1024,
                     640u + 2176u * 1024, 640u + 2432u * 1024, 640u + 2688u * 1024}));
  EXPECT_EQ(ZoneBytes(1024), 2769536u);
}

}  // namespace
}  // namespace muster::worker
