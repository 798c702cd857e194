#include "muster/log/trouble_report.h"

#include "absl/strings/str_cat.h"

namespace muster::log {

std::string TroubleReport::Note(TimePoint now, const absl::Status& trouble,
                                std::uint64_t lost_lines) {
  const std::uint64_t lost = lost_lines - told_lost_lines_;
  // EAGAIN
  const bool is_full = absl::IsUnavailable(trouble);
  const bool is_trouble = !trouble.ok() && (!is_full || lost > 0 || is_told_trouble_);
  const bool is_over = is_told_trouble_ && trouble.ok();
  has_more_ = is_trouble || is_over || lost > 0;
  if (!has_more_ || (told_at_.has_value() && now - *told_at_ < kInterval)) return "";
  has_more_ = is_trouble;
  told_at_ = now;
  told_lost_lines_ = lost_lines;
  is_told_trouble_ = is_trouble;
  std::string text = absl::StrCat(name_, ": ");
  if (is_trouble) absl::StrAppend(&text, trouble.message());
  if (is_over) absl::StrAppend(&text, "is written again");
  if (lost > 0) {
    absl::StrAppend(&text, is_trouble || is_over ? "; " : "", lost,
                    lost == 1 ? " line was lost" : " lines were lost");
  }
  return text;
}

}  // namespace muster::log
