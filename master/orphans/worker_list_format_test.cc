#include "muster/master/orphans/worker_list_format.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kBoot[] = "01234567-89ab-cdef-0123-456789abcdef";

std::string Line(absl::string_view text) {
  std::string line(text);
  line.resize(kWorkerLineBytes - 1, ' ');
  return line + "\n";
}

TEST(WorkerListFormat, ReadsWhatItWrites) {
  const ListedWorker one = {4711, 123456, 33, kBoot};
  const ListedWorker other = {1, 1, 0, kBoot};
  EXPECT_EQ(FormatWorkerLine(one), Line(absl::StrCat("4711 123456 33 ", kBoot)));
  EXPECT_THAT(ParseWorkerList(FormatWorkerLine(one) + FormatWorkerLine(other)),
              ElementsAre(one, other));
}

TEST(WorkerListFormat, HasRoomForTheLargestNumbers) {
  const ListedWorker worker = {std::numeric_limits<pid_t>::max(),
                               std::numeric_limits<std::uint64_t>::max(),
                               std::numeric_limits<uid_t>::max(), kBoot};
  const std::string line = FormatWorkerLine(worker);
  EXPECT_EQ(line.size(), kWorkerLineBytes);
  EXPECT_THAT(ParseWorkerList(line), ElementsAre(worker));
}

TEST(WorkerListFormat, PassesOverSlotsWithoutAProcess) {
  const ListedWorker worker = {4711, 123456, 33, kBoot};
  const std::string text =
      std::string(kWorkerLineBytes, '\0') + Line("") + FormatWorkerLine(worker);
  EXPECT_THAT(ParseWorkerList(text), ElementsAre(worker));
}

TEST(WorkerListFormat, PassesOverWhatItDidNotWrite) {
  for (const std::string& line : {
           absl::StrCat("-4711 123456 33 ", kBoot),
           absl::StrCat("+4711 123456 33 ", kBoot),
           absl::StrCat("0 123456 33 ", kBoot),
           absl::StrCat("4711 0 33 ", kBoot),
           absl::StrCat("99999999999 123456 33 ", kBoot),
           absl::StrCat("4711  123456 33 ", kBoot),
           absl::StrCat("4711 123456 ", kBoot),
           absl::StrCat("4711 123456 33 ", kBoot, " 1"),
           std::string("4711 123456 33 x1234567-89ab-cdef-0123-456789abcdef"),
           std::string("4711 123456 33 0123"),
       }) {
    EXPECT_THAT(ParseWorkerList(Line(line)), IsEmpty()) << line;
  }
}

TEST(WorkerListFormat, PassesOverALineThatIsCut) {
  const std::string line = FormatWorkerLine({4711, 123456, 33, kBoot});
  EXPECT_THAT(ParseWorkerList(line.substr(0, line.size() - 1)), IsEmpty());
}

}  // namespace
}  // namespace muster::master
