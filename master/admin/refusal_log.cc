#include "muster/master/admin/refusal_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::master {

std::optional<std::string> RefusalLog::LineFor(absl::string_view refusal, loop::TimePoint now) {
  const auto earned =
      std::min<std::int64_t>((now - earned_until_) / kBetweenLines, kBurst - lines_);
  lines_ += static_cast<int>(earned);
  earned_until_ = lines_ == kBurst ? now : earned_until_ + earned * kBetweenLines;
  if (lines_ == 0) {
    ++left_out_;
    return std::nullopt;
  }
  --lines_;
  const std::uint64_t left_out = std::exchange(left_out_, 0);
  return absl::StrCat("admin: refused ", refusal,
                      left_out == 0 ? "" : absl::StrCat(" (", left_out, " more before it)"));
}

}  // namespace muster::master
