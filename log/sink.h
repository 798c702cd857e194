#ifndef MUSTER_LOG_SINK_H_
#define MUSTER_LOG_SINK_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/log/target.h"

namespace muster::log {

// Gathers lines and writes them to a target: whole lines or none, and never waiting for whoever
// reads them. What the target does not take now is kept, up to a limit. Lines beyond that are lost
// and counted. Several processes may write to one target; their lines do not mix, except on a
// terminal or a TCP socket that took a part of a line.
//
// To what is not a file, a longer line than Target::kPieceBytes is cut: it ends with "...".
//
// One thread at a time.
class Sink {
 public:
  struct Options {
    // Write when so many bytes have come together. 0: each line at once.
    std::size_t gather_bytes = 0;
    // Keep at most so many while the target takes nothing.
    std::size_t most_bytes = 64 * 1024;
  };

  Sink(Target target, Options options);
  // Tries to write what is left. What stays is lost.
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Adding a line without a copy: append the line with its line end to buffer(), and nothing else,
  // and call EndLine. Returns whether it has tried to write.
  std::string& buffer() { return buffer_; }
  bool EndLine() { return buffer_.size() >= enough_bytes_ && EndLineThatIsEnough(); }
  bool Write(absl::string_view line);

  // Tries to write everything. True: nothing is left.
  bool Flush();

  // What is not written, for whoever goes on with this log in another program.
  struct Left {
    std::string lines{};           // whole ones
    std::size_t begun = 0;         // bytes of the first one that the target has already
    std::uint64_t lost_lines = 0;  // before them
  };
  Left left() const { return {buffer_, begun_, lost_lines_}; }
  // Goes on with what another sink for this target has left, before the first line of its own.
  // Those that were lost are not counted again (lost_lines.h).
  void Resume(Left left);

  // Goes on with another target. The old one gets what it takes now, the new one the rest.
  void Replace(Target target);

  const Target& target() const { return target_; }
  std::size_t pending_bytes() const { return buffer_.size(); }
  std::uint64_t lost_lines() const { return lost_lines_; }
  // Why the last try has left something: "write PATH: No space left on device". OK: it has not.
  const absl::Status& trouble() const { return trouble_; }

 private:
  // While lines are left, try again when so many bytes have been added or lost.
  static constexpr std::size_t kRetryBytes = 4096;

  bool EndLineThatIsEnough();
  void Lose(std::uint64_t lines);
  // The last line goes, unless the target has a part of it.
  void DropLastLine();
  // The end of what the next write gets: whole lines, and to what is no file only as many as it
  // takes as a whole. Cuts a line that is too long for that.
  std::size_t PieceEnd(std::size_t begin);
  // Forgets the whole lines among the first `written` bytes. What the target has of the next line
  // is taken back; where that cannot be, the rest follows next time.
  void Forget(std::size_t written);

  Target target_;
  const Options options_;
  std::string buffer_;     // whole lines
  std::size_t begun_ = 0;  // bytes of the first line that the target has already
  // The end of a line that makes the buffer so long needs more than a look: 0 while lines are left.
  std::size_t enough_bytes_;
  std::size_t lines_end_ = 0;  // while lines are left: where the line begins that is being added
  std::size_t since_try_ = 0;  // the same: bytes added or lost since the last try
  std::uint64_t lost_lines_ = 0;
  absl::Status trouble_;
};

}  // namespace muster::log

#endif  // MUSTER_LOG_SINK_H_
