#ifndef MUSTER_LOG_LINE_LOG_H_
#define MUSTER_LOG_LINE_LOG_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/log/sink.h"
#include "muster/log/target.h"
#include "muster/proto/config.pb.h"

namespace muster::log {

// A log for people, a line for each event: "2026-11-23 15:04:05.123 info    TEXT". It never waits.
// Lines that its target does not take are kept up to 64 KiB. Where more were lost, a line tells
// how many: "12 lines were lost, the log could not take them". One thread at a time.
class LineLog {
 public:
  // Of a line with its line end. The end of a longer one is replaced by "...".
  static constexpr std::size_t kMostLineBytes = 4096;

  // `writer` is part of each line, between the level and the text: "worker 3 of generation 7: ".
  LineLog(Target target, std::string writer);

  // Writes one line; what would end it or is not printable is escaped (printable.h).
  void Write(config::v1::Log::Level level, absl::string_view text);
  // Tries again to write what is left. To be called once a second or so.
  void Flush();
  void Replace(Target target) { sink_.Replace(std::move(target)); }

  // As of Sink.
  struct Left {
    Sink::Left lines{};
    std::uint64_t reported_lost_lines = 0;
  };
  Left left() const { return {sink_.left(), reported_lost_lines_}; }
  void Resume(Left left);

  const Sink& sink() const { return sink_; }

 private:
  std::string LineOf(config::v1::Log::Level level, absl::string_view text) const;
  void ReportLostLines();

  Sink sink_;
  const std::string writer_;
  std::uint64_t reported_lost_lines_ = 0;
};

}  // namespace muster::log

#endif  // MUSTER_LOG_LINE_LOG_H_
