#include "muster/ctl/text/last_words_text.h"

#include <gtest/gtest.h>

#include <string>

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

v1::Worker WorkerThatSaid(const std::string& text) {
  v1::Worker worker;
  worker.set_index(3);
  worker.set_pid(4720);  // the process after the one that said it
  worker.mutable_last_words()->set_pid(4711);
  worker.mutable_last_words()->mutable_time()->set_seconds(1'800'000'000);
  worker.mutable_last_words()->set_text(text);
  return worker;
}

TEST(LastWordsText, TellsWhoSaidItAndWhen) {
  EXPECT_EQ(
      LastWordsLine(WorkerThatSaid("store.cc:12: check failed: it is open"), absl::UTCTimeZone()),
      "worker 3, pid 4711, 2027-01-15 08:00:00: store.cc:12: check failed: it is open");
}

TEST(LastWordsText, IsEmptyWhereNobodySaidAnything) {
  EXPECT_EQ(LastWordsLine(v1::Worker(), absl::UTCTimeZone()), "");
  v1::Status status;
  status.add_workers();
  EXPECT_EQ(RenderLastWords(status.workers(), absl::UTCTimeZone()), "");
}

TEST(LastWordsText, IsOneLineThatCannotCommandTheTerminal) {
  const std::string line = LastWordsLine(WorkerThatSaid("a\nb\x1b[2J"), absl::UTCTimeZone());
  EXPECT_NE(line.find("a | b"), std::string::npos) << line;
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(LastWordsText, HasALineForEachWorkerThatSaidSomething) {
  v1::Status status;
  *status.add_workers() = WorkerThatSaid("one");
  status.add_workers();
  *status.add_workers() = WorkerThatSaid("two");
  EXPECT_EQ(RenderLastWords(status.workers(), absl::UTCTimeZone()),
            "\nlast words\n"
            "  worker 3, pid 4711, 2027-01-15 08:00:00: one\n"
            "  worker 3, pid 4711, 2027-01-15 08:00:00: two\n");
}

}  // namespace
}  // namespace muster::ctl
