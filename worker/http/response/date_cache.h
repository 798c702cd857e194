#ifndef MUSTER_WORKER_HTTP_RESPONSE_DATE_CACHE_H_
#define MUSTER_WORKER_HTTP_RESPONSE_DATE_CACHE_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/loop/event_loop.h"

namespace muster::worker::http {

// The wall clock as responses and the access log write it, formatted once a second.
// Belongs to one thread.
class DateCache {
 public:
  // Brings it up to date; `now` says how much time passed, and the wall clock is read only
  // when its next second has come.
  void Update(loop::TimePoint now) {
    now_ = now;
    if (now >= next_update_) [[unlikely]]
      Refresh(now);
  }

  // The time of the last Update.
  loop::TimePoint now() const { return now_; }
  // "Sun, 06 Nov 1994 08:49:37 GMT".
  absl::string_view http_date() const { return http_date_; }
  // In local time: "06/Nov/1994:08:49:37 +0000".
  absl::string_view log_time() const { return log_time_; }
  // In UTC: "1994-11-06T08:49:37+00:00".
  absl::string_view iso_time() const { return iso_time_; }
  // Of the last Update, since 1970.
  std::int64_t unix_milliseconds() const {
    return refreshed_milliseconds_ +
           std::chrono::duration_cast<std::chrono::milliseconds>(now_ - refreshed_).count();
  }
  // Another number for each text.
  std::uint64_t version() const { return version_; }

 private:
  void Refresh(loop::TimePoint now);

  loop::TimePoint now_;
  loop::TimePoint next_update_ = loop::TimePoint::min();
  loop::TimePoint refreshed_;
  std::int64_t refreshed_milliseconds_ = 0;
  std::uint64_t version_ = 0;
  std::string http_date_;
  std::string log_time_;
  std::string iso_time_;
};

// As in log_time.
std::string FormatLogTime(std::int64_t seconds);
// As in iso_time.
std::string FormatIsoTime(std::int64_t seconds);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_DATE_CACHE_H_
