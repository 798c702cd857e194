#ifndef MUSTER_WORKER_HTTP_MESSAGE_HTTP_DATE_H_
#define MUSTER_WORKER_HTTP_MESSAGE_HTTP_DATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Seconds since 1970 in UTC as RFC 9110, 5.6.7 has them: "Sun, 06 Nov 1994 08:49:37 GMT".
inline constexpr std::size_t kHttpDateBytes = 29;
std::string FormatHttpDate(std::int64_t seconds);

// Of that form and of the two obsolete ones: "Sunday, 06-Nov-94 08:49:37 GMT" (a year
// in 1970 to 2069) and "Sun Nov  6 08:49:37 1994". The day of the week is not compared.
std::optional<std::int64_t> ParseHttpDate(absl::string_view text);

// The three letters of a month, 0 to 11.
absl::string_view MonthName(int month);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_HTTP_DATE_H_
