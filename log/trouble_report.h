#ifndef MUSTER_LOG_TROUBLE_REPORT_H_
#define MUSTER_LOG_TROUBLE_REPORT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace muster::log {

// Decides when to tell, elsewhere, that a log is not written: at once, and then at most once a
// minute, until the end of the trouble has been told. A target that only has no room for the moment
// is no trouble until lines are lost. Makes no system call.
class TroubleReport {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes kInterval{1};

  // `name`: the log's, for the text.
  explicit TroubleReport(std::string name) : name_(std::move(name)) {}

  // To be called after each try to write, and once a second while has_more(). `trouble` and
  // `lost_lines` are the sink's. Empty: there is nothing to tell now.
  std::string Note(TimePoint now, const absl::Status& trouble, std::uint64_t lost_lines);
  // Whether Note would have to look: false as long as all is well.
  bool IsOfInterest(const absl::Status& trouble, std::uint64_t lost_lines) const {
    return has_more_ || !trouble.ok() || lost_lines != told_lost_lines_;
  }
  // Whether there is something that is too early to tell.
  bool has_more() const { return has_more_; }

 private:
  const std::string name_;
  std::optional<TimePoint> told_at_;
  bool is_told_trouble_ = false;
  std::uint64_t told_lost_lines_ = 0;
  bool has_more_ = false;
};

}  // namespace muster::log

#endif  // MUSTER_LOG_TROUBLE_REPORT_H_
