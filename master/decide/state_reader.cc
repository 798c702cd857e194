#include "muster/master/decide/state_reader.h"

#include <chrono>

#include "absl/strings/str_cat.h"

namespace muster::master {

using std::chrono::nanoseconds;

std::int64_t ToSaved(TimePoint time) { return ToSaved(time.time_since_epoch()); }

std::int64_t ToSaved(Duration duration) {
  return std::chrono::duration_cast<nanoseconds>(duration).count();
}

StateReader::Below::Below(StateReader& reader, absl::string_view place)
    : reader_(reader), outer_(reader.place_.size()) {
  absl::StrAppend(&reader_.place_, ".", place);
}

StateReader::Below::~Below() { reader_.place_.resize(outer_); }

TimePoint StateReader::Time(absl::string_view field, std::int64_t saved) {
  return TimePoint(Span(field, saved));
}

Duration StateReader::Span(absl::string_view field, std::int64_t saved, Duration least,
                           Duration most) {
  const nanoseconds span(saved);
  const bool is_within = span >= least && span <= most;
  Expect(is_within, field, absl::StrCat(saved, " is out of bounds"));
  return is_within ? std::chrono::duration_cast<Duration>(span) : least;
}

void StateReader::Expect(bool holds, absl::string_view field, absl::string_view what) {
  if (holds || !status_.ok()) return;
  status_ = absl::InvalidArgumentError(absl::StrCat(place_, ".", field, ": ", what));
}

}  // namespace muster::master
