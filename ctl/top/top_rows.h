#ifndef MUSTER_CTL_TOP_TOP_ROWS_H_
#define MUSTER_CTL_TOP_TOP_ROWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "muster/ctl/text/latency.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// The columns of ctl top, as they are shown.
enum class TopColumn {
  kWorker,
  kGeneration,
  kSlot,
  kPid,
  kState,
  kAge,
  kCpu,
  kMemory,
  kRestarts,
  kActive,
  kRequestRate,
  kP50,
  kP99,
  kConnectionRate,
  kRequests,
  kRequest,
};
inline constexpr std::size_t kTopColumns = 16;

struct TopRow {
  admin::v1::Worker::State state = admin::v1::Worker::STATE_UNSPECIFIED;
  // By column: what is shown, and the number by which rows are sorted.
  std::array<std::string, kTopColumns> cells;
  std::array<double, kTopColumns> keys = {};
};

// A second's work of all workers together.
struct TopRates {
  std::optional<double> requests;
  std::optional<double> connections;
  // How long the requests took that were answered in the time between.
  std::optional<absl::Duration> p50;
  std::optional<absl::Duration> p99;
};

// Makes rows of statuses: what has happened between two of them gives the rates. A value.
class TopRows {
 public:
  // Takes what the master has answered at `now`, by a clock that is never set.
  void Take(const admin::v1::Status& status, absl::Duration now);

  const std::vector<TopRow>& rows() const { return rows_; }
  const TopRates& rates() const { return rates_; }

  static const char* TitleOf(TopColumn column);
  // Numbers stand on the right.
  static bool IsNumber(TopColumn column) {
    return column != TopColumn::kState && column != TopColumn::kRequest;
  }

 private:
  struct Sample {
    std::uint64_t requests = 0;
    std::uint64_t connections = 0;
    absl::Duration cpu;
    int pid = 0;
    LatencyCounts latency;
  };
  using Samples = std::map<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>, Sample>;

  Samples
      samples_;  // by generation, number and slot: while one drains, its successor has its number
  Sample total_;
  std::optional<absl::Duration> taken_;
  std::vector<TopRow> rows_;
  TopRates rates_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_ROWS_H_
