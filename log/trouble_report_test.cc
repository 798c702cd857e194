#include "muster/log/trouble_report.h"

#include <cerrno>

#include "gtest/gtest.h"
#include "muster/ipc/base/status.h"

namespace muster::log {
namespace {

using std::chrono::seconds;

absl::Status Full() { return ipc::ErrnoStatus("write a.log", EAGAIN); }
absl::Status NoSpace() { return ipc::ErrnoStatus("write a.log", ENOSPC); }

class TroubleReportTest : public testing::Test {
 protected:
  std::string Note(int second, const absl::Status& trouble, std::uint64_t lost) {
    return report_.Note(TroubleReport::TimePoint(seconds(1000 + second)), trouble, lost);
  }
  TroubleReport report_{"access log"};
};

TEST_F(TroubleReportTest, TellsOfAFullDiskAtOnceAndThenOnceAMinute) {
  EXPECT_EQ(Note(0, NoSpace(), 0), "access log: write a.log: No space left on device");
  EXPECT_EQ(Note(1, NoSpace(), 5), "");
  EXPECT_EQ(Note(59, NoSpace(), 7), "");
  EXPECT_EQ(Note(60, NoSpace(), 9),
            "access log: write a.log: No space left on device; 9 lines were lost");
  EXPECT_EQ(Note(120, NoSpace(), 10),
            "access log: write a.log: No space left on device; 1 line was lost");
}

TEST_F(TroubleReportTest, TellsTheEndOfTheTroubleOnce) {
  Note(0, NoSpace(), 0);
  EXPECT_EQ(Note(5, absl::OkStatus(), 3), "");
  EXPECT_TRUE(report_.has_more());
  EXPECT_EQ(Note(60, absl::OkStatus(), 3), "access log: is written again; 3 lines were lost");
  EXPECT_FALSE(report_.has_more());
  EXPECT_EQ(Note(180, absl::OkStatus(), 3), "");
}

TEST_F(TroubleReportTest, SaysNothingWhileAFullPipeCostsNoLine) {
  EXPECT_EQ(Note(0, Full(), 0), "");
  EXPECT_EQ(Note(1, absl::OkStatus(), 0), "");
  EXPECT_FALSE(report_.has_more());
  EXPECT_EQ(Note(2, Full(), 2),
            "access log: write a.log: Resource temporarily unavailable; 2 lines were lost");
}

TEST_F(TroubleReportTest, TellsOfLinesThatWereLostBetweenTwoTries) {
  EXPECT_EQ(Note(0, absl::OkStatus(), 4), "access log: 4 lines were lost");
  EXPECT_EQ(Note(10, absl::OkStatus(), 6), "");
  EXPECT_TRUE(report_.has_more());
  EXPECT_EQ(Note(70, absl::OkStatus(), 6), "access log: 2 lines were lost");
}

}  // namespace
}  // namespace muster::log
