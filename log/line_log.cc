#include "muster/log/line_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "muster/log/printable.h"

namespace muster::log {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;

absl::string_view NameOf(config::v1::Log::Level level) {
  switch (level) {
    case config::v1::Log::DEBUG:
      return "debug  ";
    case config::v1::Log::INFO:
      return "info   ";
    case config::v1::Log::WARN:
      return "warning";
    default:
      return "error  ";
  }
}

}  // namespace

LineLog::LineLog(Target target, std::string writer)
    : sink_(std::move(target), {.gather_bytes = 0, .most_bytes = kMostBytes}),
      writer_(std::move(writer)) {}

std::string LineLog::LineOf(config::v1::Log::Level level, absl::string_view text) const {
  std::string line =
      absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M:%E3S", absl::Now(), absl::LocalTimeZone()), " ",
                   NameOf(level), " ", writer_, Printable(text.substr(0, kMostLineBytes)));
  CutLine(line, kMostLineBytes - 1);
  line.push_back('\n');
  return line;
}

void LineLog::Write(config::v1::Log::Level level, absl::string_view text) {
  ReportLostLines();
  sink_.Write(LineOf(level, text));
}

void LineLog::Flush() {
  sink_.Flush();
  ReportLostLines();
}

void LineLog::Resume(Left left) {
  reported_lost_lines_ = left.reported_lost_lines;
  sink_.Resume(std::move(left.lines));
}

void LineLog::ReportLostLines() {
  const std::uint64_t lost = sink_.lost_lines() - reported_lost_lines_;
  // Not with each line for which there is room again: the reports would take it all.
  if (lost == 0 || sink_.pending_bytes() > kMostBytes / 2) return;
  reported_lost_lines_ += lost;
  sink_.Write(LineOf(config::v1::Log::WARN,
                     absl::StrCat(lost, lost == 1 ? " line was" : " lines were",
                                  " lost, the log could not take ", lost == 1 ? "it" : "them")));
}

}  // namespace muster::log
