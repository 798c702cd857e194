#ifndef MUSTER_MASTER_DECIDE_STATE_READER_H_
#define MUSTER_MASTER_DECIDE_STATE_READER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/master/decide/clock.h"

namespace muster::master {

// Times and durations as they are in a saved state: nanoseconds, times since the clock's epoch.
std::int64_t ToSaved(TimePoint time);
std::int64_t ToSaved(Duration duration);

// Reads a saved state, field by field, and remembers the first mistake and its place. After one,
// what it returns is within its bounds and of no use. So who reads asks once, at the end.
class StateReader {
 public:
  // About a century. A sum of some of them is no overflow.
  static constexpr Duration kLongest = std::chrono::hours(24 * 365 * 100);

  explicit StateReader(std::string place) : place_(std::move(place)) {}
  StateReader(const StateReader&) = delete;
  StateReader& operator=(const StateReader&) = delete;

  // What is read while this lives is below: "core" and then "worker[3]".
  class Below {
   public:
    Below(StateReader& reader, absl::string_view place);
    ~Below();
    Below(const Below&) = delete;
    Below& operator=(const Below&) = delete;

   private:
    StateReader& reader_;
    const std::size_t outer_;
  };

  TimePoint Time(absl::string_view field, std::int64_t saved);
  // Inclusive bounds.
  Duration Span(absl::string_view field, std::int64_t saved, Duration least = Duration::zero(),
                Duration most = kLongest);
  // `what` is wrong unless `holds`: "slot 3 comes twice".
  void Expect(bool holds, absl::string_view field, absl::string_view what = "is out of bounds");

  const absl::Status& status() const { return status_; }

 private:
  std::string place_;
  absl::Status status_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_STATE_READER_H_
