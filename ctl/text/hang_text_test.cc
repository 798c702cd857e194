#include "muster/ctl/text/hang_text.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/text_format.h"

namespace muster::ctl {
namespace {

admin::v1::Status Read(const std::string& text) {
  admin::v1::Status status;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &status));
  return status;
}

TEST(HangText, TellsWhatWasFoundOut) {
  const admin::v1::Status status = Read(
      "workers { index: 1 pid: 9 } "
      "workers { index: 2 pid: 7 hang { process: 'runs' has_stack: true locks: 'z/m' "
      "locks: 'accept_mutex' zones: 'z' listeners: '*:80' } } "
      "workers { index: 3 pid: 8 hang { process: 'is stopped by a signal' } }");
  EXPECT_EQ(RenderHangs(status.workers()),
            "\nhung\n"
            "  worker 2, pid 7: runs; its stack is in its log; holds z/m, accept_mutex; uses z; "
            "listens on *:80\n"
            "  worker 3, pid 8: is stopped by a signal\n");
}

TEST(HangText, IsEmptyWhereNobodyHangs) {
  EXPECT_EQ(RenderHangs(Read("workers { index: 1 pid: 9 }").workers()), "");
}

TEST(HangText, CannotCommandTheTerminal) {
  const admin::v1::Status status = Read("workers { hang { process: 'a\\n\\033[2J' } }");
  EXPECT_EQ(HangLine(status.workers(0)).find_first_of("\n\x1b"), std::string::npos);
}

}  // namespace
}  // namespace muster::ctl
