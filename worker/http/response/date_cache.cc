#include "muster/worker/http/response/date_cache.h"

#include <chrono>
#include <cstdlib>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "muster/worker/http/message/http_date.h"

namespace muster::worker::http {

void DateCache::Refresh(loop::TimePoint now) {
  timespec wall = {};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  next_update_ = now + std::chrono::nanoseconds(1'000'000'000 - wall.tv_nsec);
  refreshed_ = now;
  refreshed_milliseconds_ =
      static_cast<std::int64_t>(wall.tv_sec) * 1000 + wall.tv_nsec / 1'000'000;
  ++version_;
  http_date_ = FormatHttpDate(wall.tv_sec);
  log_time_ = FormatLogTime(wall.tv_sec);
  iso_time_ = FormatIsoTime(wall.tv_sec);
}

std::string FormatLogTime(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm local = {};
  ::localtime_r(&time, &local);
  const long offset_minutes = local.tm_gmtoff / 60;
  const int offset = static_cast<int>(std::labs(offset_minutes));
  return absl::StrCat(absl::Dec(local.tm_mday, absl::kZeroPad2), "/", MonthName(local.tm_mon), "/",
                      absl::Dec(local.tm_year + 1900, absl::kZeroPad4), ":",
                      absl::Dec(local.tm_hour, absl::kZeroPad2), ":",
                      absl::Dec(local.tm_min, absl::kZeroPad2), ":",
                      absl::Dec(local.tm_sec, absl::kZeroPad2), offset_minutes < 0 ? " -" : " +",
                      absl::Dec(offset / 60 * 100 + offset % 60, absl::kZeroPad4));
}

std::string FormatIsoTime(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc = {};
  ::gmtime_r(&time, &utc);
  return absl::StrCat(
      absl::Dec(utc.tm_year + 1900, absl::kZeroPad4), "-",
      absl::Dec(utc.tm_mon + 1, absl::kZeroPad2), "-", absl::Dec(utc.tm_mday, absl::kZeroPad2), "T",
      absl::Dec(utc.tm_hour, absl::kZeroPad2), ":", absl::Dec(utc.tm_min, absl::kZeroPad2), ":",
      absl::Dec(utc.tm_sec, absl::kZeroPad2), "+00:00");
}

}  // namespace muster::worker::http
