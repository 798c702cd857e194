#include "muster/worker/http/message/http_date.h"

#include <array>
#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace muster::worker::http {
namespace {

constexpr std::array<absl::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<absl::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<absl::string_view, 7> kLongDays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// Takes text off its front, part by part; after the first that does not fit, all fail.
class Scanner {
 public:
  explicit Scanner(absl::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  bool is_done() const { return ok_ && text_.empty(); }

  void Literal(absl::string_view literal) { ok_ = ok_ && absl::ConsumePrefix(&text_, literal); }

  int Digits(std::size_t count) {
    if (text_.size() < count) ok_ = false;
    int value = 0;
    for (std::size_t i = 0; ok_ && i < count; ++i) {
      ok_ = absl::ascii_isdigit(static_cast<unsigned char>(text_[i]));
      value = value * 10 + (text_[i] - '0');
    }
    if (ok_) text_.remove_prefix(count);
    return value;
  }

  template <std::size_t kCount>
  int OneOf(const std::array<absl::string_view, kCount>& names) {
    for (std::size_t i = 0; ok_ && i < kCount; ++i) {
      if (absl::ConsumePrefix(&text_, names[i])) return static_cast<int>(i);
    }
    ok_ = false;
    return 0;
  }

  void Time(std::tm& time) {
    time.tm_hour = Digits(2);
    Literal(":");
    time.tm_min = Digits(2);
    Literal(":");
    time.tm_sec = Digits(2);
  }

 private:
  absl::string_view text_;
  bool ok_ = true;
};

bool ScanImfFixdate(Scanner scanner, std::tm& time) {
  scanner.OneOf(kDays);
  scanner.Literal(", ");
  time.tm_mday = scanner.Digits(2);
  scanner.Literal(" ");
  time.tm_mon = scanner.OneOf(kMonths);
  scanner.Literal(" ");
  time.tm_year = scanner.Digits(4) - 1900;
  scanner.Literal(" ");
  scanner.Time(time);
  scanner.Literal(" GMT");
  return scanner.is_done();
}

bool ScanRfc850(Scanner scanner, std::tm& time) {
  scanner.OneOf(kLongDays);
  scanner.Literal(", ");
  time.tm_mday = scanner.Digits(2);
  scanner.Literal("-");
  time.tm_mon = scanner.OneOf(kMonths);
  scanner.Literal("-");
  const int year = scanner.Digits(2);
  time.tm_year = year < 70 ? year + 100 : year;
  scanner.Literal(" ");
  scanner.Time(time);
  scanner.Literal(" GMT");
  return scanner.is_done();
}

bool ScanAsctime(Scanner scanner, std::tm& time) {
  scanner.OneOf(kDays);
  scanner.Literal(" ");
  time.tm_mon = scanner.OneOf(kMonths);
  scanner.Literal(" ");
  Scanner padded = scanner;
  padded.Literal(" ");
  if (padded.ok()) {
    scanner = padded;
    time.tm_mday = scanner.Digits(1);
  } else {
    time.tm_mday = scanner.Digits(2);
  }
  scanner.Literal(" ");
  scanner.Time(time);
  scanner.Literal(" ");
  time.tm_year = scanner.Digits(4) - 1900;
  return scanner.is_done();
}

}  // namespace

std::string FormatHttpDate(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc = {};
  ::gmtime_r(&time, &utc);
  return absl::StrCat(
      kDays[static_cast<std::size_t>(utc.tm_wday)], ", ", absl::Dec(utc.tm_mday, absl::kZeroPad2),
      " ", MonthName(utc.tm_mon), " ", absl::Dec(utc.tm_year + 1900, absl::kZeroPad4), " ",
      absl::Dec(utc.tm_hour, absl::kZeroPad2), ":", absl::Dec(utc.tm_min, absl::kZeroPad2), ":",
      absl::Dec(utc.tm_sec, absl::kZeroPad2), " GMT");
}

std::optional<std::int64_t> ParseHttpDate(absl::string_view text) {
  std::tm time = {};
  const Scanner scanner(text);
  if (!ScanImfFixdate(scanner, time) && !ScanRfc850(scanner, time) && !ScanAsctime(scanner, time)) {
    return std::nullopt;
  }
  // 60 is a leap second. timegm would carry any other excess over in silence.
  if (time.tm_hour > 23 || time.tm_min > 59 || time.tm_sec > 60) return std::nullopt;
  std::tm normal = time;
  const std::int64_t seconds = ::timegm(&normal);
  if (time.tm_sec < 60 && (normal.tm_mday != time.tm_mday || normal.tm_mon != time.tm_mon)) {
    return std::nullopt;
  }
  return seconds;
}

absl::string_view MonthName(int month) { return kMonths[static_cast<std::size_t>(month)]; }

}  // namespace muster::worker::http
