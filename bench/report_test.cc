#include "muster/bench/report.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::bench {
namespace {

DuelResult Result() {
  return DuelResult{.what = "lock",
                    .ours_name = "Ours",
                    .peer_name = "theirs",
                    .ours = {.median = 2.5, .minimum = 2},
                    .peer = {.median = 1250, .minimum = 1000.4},
                    .ratio = 0.002,
                    .target = 0.5};
}

TEST(Table, HasARowForEachResult) {
  EXPECT_EQ(FormatTable({Result()}),
            "| what | ours | median ns | min ns | against | median ns | min ns | ratio | at most | "
            "met |\n"
            "| ---- | ---- | --------: | -----: | ------- | --------: | -----: | ----: | ------: | "
            "--: |\n"
            "| lock | Ours |      2.50 |   2.00 | theirs  |      1250 |   1000 |  0.00 |    0.50 | "
            "yes |\n");
}

TEST(Table, SaysAMissLoudly) {
  DuelResult result = Result();
  result.ratio = 0.51;
  EXPECT_NE(FormatTable({result}).find("|  NO |"), std::string::npos);
}

TEST(Table, JudgesNothingWithoutATarget) {
  DuelResult result = Result();
  result.target.reset();
  EXPECT_NE(FormatTable({result}).find("|       - |   - |"), std::string::npos);
}

TEST(Json, HasAnObjectForEachResult) {
  DuelResult open = Result();
  open.target.reset();
  EXPECT_EQ(FormatJson({Result(), open}),
            "[\n"
            R"({"what":"lock","ours":{"name":"Ours","median_ns":2.500,"min_ns":2.000},)"
            R"("peer":{"name":"theirs","median_ns":1250.000,"min_ns":1000.400},)"
            R"("ratio":0.0020,"target":0.50,"met":true},)"
            "\n"
            R"({"what":"lock","ours":{"name":"Ours","median_ns":2.500,"min_ns":2.000},)"
            R"("peer":{"name":"theirs","median_ns":1250.000,"min_ns":1000.400},)"
            R"("ratio":0.0020,"target":null,"met":true})"
            "\n]\n");
}

}  // namespace
}  // namespace muster::bench
