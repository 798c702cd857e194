#ifndef WORKER_HTTP_DATE_CACHE_H_
#define WORKER_HTTP_DATE_CACHE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "loop/event_loop.h"

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
  // Another number for each text.
  std::uint64_t version() const { return version_; }

 private:
  void Refresh(loop::TimePoint now);

  loop::TimePoint now_;
  loop::TimePoint next_update_ = loop::TimePoint::min();
  std::uint64_t version_ = 0;
  std::string http_date_;
  std::string log_time_;
};

// As in log_time.
std::string FormatLogTime(std::int64_t seconds);

}  // namespace muster::worker::http

#endif  // WORKER_HTTP_DATE_CACHE_H_
