// A worker program for tests of services over byte streams. A client sends lines:
//
// big N    is answered with N times "x" and a line's end
// slow     is answered by a thread, and later lines after that
// else     is sent back

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/worker/runtime/run_worker.h"
#include "muster/worker/stream/stream_service.h"

namespace muster::worker {
namespace {

class Lines : public Protocol {
 public:
  class Line : public Session {
   public:
    Line(Lines& lines, Stream& stream) : lines_(lines), stream_(stream) {}

    std::size_t OnInput(absl::string_view input) override {
      const std::size_t end = input.find('\n');
      if (end == input.npos) return 0;
      absl::string_view line = input.substr(0, end);
      std::size_t size = 0;
      if (line == "slow") {
        stream_.Pause();
        lines_.threads_.emplace_back([handle = stream_.handle()] {
          handle.Post([](Stream& stream) {
            stream.Write("slow\n");
            stream.Resume();
          });
        });
      } else if (absl::ConsumePrefix(&line, "big ") && absl::SimpleAtoi(line, &size)) {
        stream_.Write(absl::StrCat(std::string(size, 'x'), "\n"));
      } else {
        stream_.Write(absl::StrCat(line, "\n"));
      }
      return end + 1;
    }
    std::string Suspend() override { return ""; }

   private:
    Lines& lines_;
    Stream& stream_;
  };

  std::unique_ptr<Session> Begin(Stream& stream) override {
    return std::make_unique<Line>(*this, stream);
  }
  absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string) override {
    return Begin(stream);
  }

 private:
  std::vector<std::jthread> threads_;
};

absl::StatusOr<std::unique_ptr<Service>> MakeLines(Context& context) {
  return std::make_unique<StreamService>(context, std::make_unique<Lines>());
}

}  // namespace
}  // namespace muster::worker

int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv, {.make_service = muster::worker::MakeLines});
}
