// Compares two styles of a session for a protocol of lines, whose clients send several at once:
//
// a line each  takes one line in each OnInput, and writes each answer by itself
// by itself    takes all lines in one OnInput, and writes all answers together
//
// A service with each runs in turn within each round, in a thread of its own, over loopback. The
// figure is lines per second of this thread's CPU time; the ratio is the median of those of the
// rounds. The exit code is 1 if an answer is missing.

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/bench/stream/bench_worker.h"
#include "muster/bench/stream/echo_load.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/stream/stream_service.h"

namespace muster::bench {
namespace {

constexpr double kTarget = 0.9;
constexpr int kDepths[] = {1, 16, 64};
constexpr char kLine[] = "get a-key-of-usual-length\n";

std::string AnswerTo(absl::string_view line) { return absl::StrCat("VALUE ", line.substr(4)); }

class LineEach : public worker::Session {
 public:
  explicit LineEach(worker::Stream& stream) : stream_(stream) {}
  std::size_t OnInput(absl::string_view input) override {
    const std::size_t end = input.find('\n');
    if (end == input.npos) return 0;
    stream_.Write(AnswerTo(input.substr(0, end + 1)));
    return end + 1;
  }
  std::string Suspend() override { return ""; }

 private:
  worker::Stream& stream_;
};

class ByItself : public worker::Session {
 public:
  explicit ByItself(worker::Stream& stream) : stream_(stream) {}
  std::size_t OnInput(absl::string_view input) override {
    std::string answers;
    std::size_t done = 0;
    for (std::size_t end; (end = input.find('\n', done)) != input.npos; done = end + 1) {
      answers += AnswerTo(input.substr(done, end + 1 - done));
    }
    stream_.Write(answers);
    return done;
  }
  std::string Suspend() override { return ""; }

 private:
  worker::Stream& stream_;
};

template <typename Kind>
absl::StatusOr<Speed> MeasureLines(int depth, double seconds) {
  EchoLoad load = {.count = depth};
  for (int i = 0; i < depth; ++i) {
    load.requests += kLine;
    load.answer_bytes += AnswerTo(kLine).size();
  }
  return Measure(config::v1::Config(), MakeStreamService<Kind>, load, seconds);
}

int Run(int rounds, double seconds, bool is_json) {
  std::printf("%s",
              is_json ? "[" : "lines at once    a line each     by itself   ratio   target\n");
  for (const int depth : kDepths) {
    const auto comparison = Compare([&] { return MeasureLines<LineEach>(depth, seconds); },
                                    [&] { return MeasureLines<ByItself>(depth, seconds); }, rounds);
    if (!comparison.ok()) {
      std::fprintf(stderr, "stream_bench: %s\n",
                   std::string(comparison.status().message()).c_str());
      return 1;
    }
    const double each = comparison->ours.per_cpu_second;
    const double itself = comparison->peer.per_cpu_second;
    const double ratio = comparison->ratio;
    if (is_json) {
      std::printf("%s\n {\"lines\": %d, \"line_each\": %.0f, \"by_itself\": %.0f, \"ratio\": %.3f}",
                  depth == kDepths[0] ? "" : ",", depth, each, itself, ratio);
    } else {
      std::printf("%13d   %8.0f k/s   %8.0f k/s    %.2f   %s\n", depth, each / 1000, itself / 1000,
                  ratio,
                  depth == 1 ? "" : (ratio >= kTarget ? ">= 0.90   met" : ">= 0.90   MISSED"));
    }
    std::fflush(stdout);
  }
  if (is_json) std::printf("\n]\n");
  return 0;
}

}  // namespace
}  // namespace muster::bench

int main(int argc, char** argv) {
  CLI::App app("Compares styles of sessions for a protocol of lines.");
  app.footer("Example: tools/bench stream --rounds 3 --seconds 0.2");
  int rounds = 9;
  double seconds = 0.5;
  bool is_json = false;
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 1000));
  app.add_option("--seconds", seconds, "of each style in each round")
      ->check(CLI::Range(0.01, 60.0));
  app.add_flag("--json", is_json);
  CLI11_PARSE(app, argc, argv);
  return muster::bench::Run(rounds, seconds, is_json);
}
