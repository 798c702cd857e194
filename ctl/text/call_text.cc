#include "muster/ctl/text/call_text.h"

#include "absl/strings/str_cat.h"
#include "muster/ctl/text/printable.h"
#include "muster/ctl/text/units.h"

namespace muster::ctl {
namespace {

using admin::v1::Call;

std::string Took(const Call& call) {
  return FormatElapsed(absl::Seconds(call.took().seconds()) +
                       absl::Nanoseconds(call.took().nanos()));
}

// "3 -> 4"; "3" if it has not changed.
std::string Generations(const Call& call) {
  const std::string before = absl::StrCat(call.generation_before());
  if (call.code().empty() || call.generation_before() == call.generation_after()) return before;
  return absl::StrCat(before, " -> ", call.generation_after());
}

}  // namespace

std::string RenderCall(const Call& call) {
  std::string text =
      absl::StrCat(call.method(), call.arguments().empty() ? "" : " ", call.arguments(), " by ",
                   call.caller(), ": ",
                   call.code().empty() ? absl::StrCat("under way for ", Took(call))
                                       : absl::StrCat(call.code(), " after ", Took(call)),
                   "; generation ", Generations(call), "\n");
  if (!call.message().empty()) absl::StrAppend(&text, call.message(), "\n");
  return Printable(text);
}

Table CallsTable(const admin::v1::ListCallsResponse& calls, absl::TimeZone zone) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"ID"}, {"TIME"}, {"CALLER"}, {"METHOD"}, {"OUTCOME"}, {"TOOK", kRight}, {"GEN"}});
  for (const Call& call : calls.calls()) {
    const absl::Time start = absl::FromUnixSeconds(call.start_time().seconds());
    table.AddRow({call.id(), absl::FormatTime("%Y-%m-%d %H:%M:%S", start, zone), call.caller(),
                  call.method(), call.code().empty() ? "under way" : call.code(), Took(call),
                  Generations(call)});
  }
  return table;
}

}  // namespace muster::ctl
