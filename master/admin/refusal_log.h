#ifndef MUSTER_MASTER_ADMIN_REFUSAL_LOG_H_
#define MUSTER_MASTER_ADMIN_REFUSAL_LOG_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"

namespace muster::master {

// Which refused calls get a line in the log: kBurst at once, and then one each kBetweenLines, which
// has the number of those that were left out. Pure. One thread at a time.
class RefusalLog {
 public:
  static constexpr int kBurst = 20;
  static constexpr std::chrono::seconds kBetweenLines{5};

  // The line for a refusal at this time: "admin: refused REFUSAL". Nothing: it is left out.
  std::optional<std::string> LineFor(absl::string_view refusal, loop::TimePoint now);

 private:
  int lines_ = kBurst;              // that may be written at once
  loop::TimePoint earned_until_{};  // all before is in `lines_`
  std::uint64_t left_out_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REFUSAL_LOG_H_
