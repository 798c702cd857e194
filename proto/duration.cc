#include "muster/proto/duration.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace muster::config {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

}  // namespace

bool IsValid(const google::protobuf::Duration& duration) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / kSecond - 1;
  const std::int64_t seconds = duration.seconds();
  const std::int64_t nanos = duration.nanos();
  return seconds >= -kMost && seconds <= kMost && nanos > -kSecond && nanos < kSecond &&
         !(seconds > 0 && nanos < 0) && !(seconds < 0 && nanos > 0);
}

std::chrono::nanoseconds ToChrono(const google::protobuf::Duration& duration) {
  if (!IsValid(duration)) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(duration.seconds() * kSecond + duration.nanos());
}

google::protobuf::Duration FromChrono(std::chrono::nanoseconds duration) {
  google::protobuf::Duration result;
  result.set_seconds(duration.count() / kSecond);
  result.set_nanos(static_cast<std::int32_t>(duration.count() % kSecond));
  return result;
}

std::optional<std::chrono::nanoseconds> ParseDuration(absl::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) return std::nullopt;
  if (duration == absl::InfiniteDuration() || duration == -absl::InfiniteDuration()) {
    return std::nullopt;
  }
  return absl::ToChronoNanoseconds(duration);
}

std::string DurationText(std::chrono::nanoseconds duration) {
  const std::int64_t count = duration.count();
  if (count % kSecond == 0) return absl::StrCat(count / kSecond, "s");
  if (count > -kSecond && count < kSecond && count % 1'000'000 == 0) {
    return absl::StrCat(count / 1'000'000, "ms");
  }
  return absl::StrCat(static_cast<double>(count) / kSecond, "s");
}

}  // namespace muster::config
