#include "service/tally.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/worker/stream/stream_service.h"

namespace embed {
namespace {

namespace worker = muster::worker;

class TallySession : public worker::Session {
 public:
  TallySession(worker::Stream& stream, std::int64_t sum) : stream_(stream), sum_(sum) {}

  std::size_t OnInput(absl::string_view input) override {
    const std::size_t end = input.find('\n');
    if (end == input.npos) return 0;
    std::int32_t number = 0;
    if (!absl::SimpleAtoi(input.substr(0, end), &number)) {
      stream_.Write("no number\n");
      stream_.Close();
      return 0;
    }
    sum_ += number;
    stream_.Write(absl::StrCat(sum_, "\n"));
    return end + 1;
  }

  std::string Suspend() override { return absl::StrCat(sum_); }

 private:
  worker::Stream& stream_;
  std::int64_t sum_;
};

class Tally : public worker::Protocol {
 public:
  std::unique_ptr<worker::Session> Begin(worker::Stream& stream) override {
    return std::make_unique<TallySession>(stream, 0);
  }
  absl::StatusOr<std::unique_ptr<worker::Session>> Resume(worker::Stream& stream,
                                                          std::string state) override {
    std::int64_t sum = 0;
    if (!absl::SimpleAtoi(state, &sum)) return absl::InvalidArgumentError("its state is no sum");
    return std::make_unique<TallySession>(stream, sum);
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<worker::Service>> MakeTally(worker::Context& context) {
  return std::make_unique<worker::StreamService>(context, std::make_unique<Tally>());
}

}  // namespace embed
