#include "muster/ctl/top/top_generations.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

std::string LineOf(const std::string& text) {
  admin::v1::Status status;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &status)) << text;
  return GenerationsLine(status);
}

TEST(GenerationsLine, IsEmptyWhileThereIsOne) {
  EXPECT_EQ(LineOf(""), "");
  EXPECT_EQ(LineOf("workers { generation: 2 state: SERVING } workers { generation: 2 }"), "");
}

TEST(GenerationsLine, CountsTheWorkersOfEachByTheirStates) {
  EXPECT_EQ(
      LineOf("workers { generation: 9 state: DRAINING } workers { generation: 9 state: GAVE_UP } "
             "workers { generation: 10 state: SERVING } "
             "workers { generation: 10 state: SERVING }"),
      "generation 10: 2 serving; generation 9: 1 draining, 1 gave up");
}

TEST(GenerationsLine, NamesAStateThatIsNotKnown) {
  EXPECT_EQ(LineOf("workers { generation: 1 state: SERVING } workers { generation: 2 state: 77 }"),
            "generation 2: 1 in state 77; generation 1: 1 serving");
}

}  // namespace
}  // namespace muster::ctl
