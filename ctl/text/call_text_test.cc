#include "muster/ctl/text/call_text.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using admin::v1::Call;

Call Reload() {
  Call call;
  call.set_id("7f3a");
  call.set_caller("uid 0 (pid 12)");
  call.set_method("Reload");
  call.set_generation_before(3);
  call.set_generation_after(4);
  call.set_code("OK");
  call.mutable_start_time()->set_seconds(1'700'000'000);
  call.mutable_took()->set_nanos(84'000'000);
  return call;
}

TEST(CallText, TellsWhoWhatAndTheOutcome) {
  EXPECT_EQ(RenderCall(Reload()), "Reload by uid 0 (pid 12): OK after 84ms; generation 3 -> 4\n");
}

TEST(CallText, TellsThatACallIsUnderWay) {
  Call call = Reload();
  call.clear_code();
  EXPECT_EQ(RenderCall(call), "Reload by uid 0 (pid 12): under way for 84ms; generation 3\n");
}

TEST(CallText, HasTheMessageOfAnErrorBelow) {
  Call call = Reload();
  call.set_code("ABORTED");
  call.set_generation_after(3);
  call.set_message("worker 1 says \x1b[2J");
  EXPECT_EQ(RenderCall(call),
            "Reload by uid 0 (pid 12): ABORTED after 84ms; generation 3\nworker 1 says \\x1b[2J\n");
}

TEST(CallText, ListsCallsInATable) {
  admin::v1::ListCallsResponse calls;
  *calls.add_calls() = Reload();
  EXPECT_EQ(CallsTable(calls, absl::UTCTimeZone()).Render(),
            "ID    TIME                 CALLER          METHOD  OUTCOME  TOOK  GEN\n"
            "7f3a  2023-11-14 22:13:20  uid 0 (pid 12)  Reload  OK       84ms  3 -> 4\n");
}

}  // namespace
}  // namespace muster::ctl
