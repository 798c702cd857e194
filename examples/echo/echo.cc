#include "muster/examples/echo/echo.h"

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/stream/stream_service.h"

namespace muster::examples {
namespace {

// [echo session]
class EchoSession : public worker::Session {
 public:
  explicit EchoSession(worker::Stream& stream) : stream_(stream) {}

  std::size_t OnInput(absl::string_view input) override {
    stream_.Write(input);
    return input.size();
  }

  std::string Suspend() override { return ""; }  // a session has no state

 private:
  worker::Stream& stream_;
};
// [end]

// [echo protocol]
class Echo : public worker::Protocol {
 public:
  std::unique_ptr<worker::Session> Begin(worker::Stream& stream) override {
    return std::make_unique<EchoSession>(stream);
  }
  absl::StatusOr<std::unique_ptr<worker::Session>> Resume(worker::Stream& stream,
                                                          std::string) override {
    return Begin(stream);
  }
};
// [end]

}  // namespace

// [echo service]
absl::StatusOr<std::unique_ptr<worker::Service>> MakeEcho(worker::Context& context) {
  return std::make_unique<worker::StreamService>(context, std::make_unique<Echo>());
}
// [end]

}  // namespace muster::examples
