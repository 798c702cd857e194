#include "muster/examples/whoami/whoami_session.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::examples {
namespace {

// [whoami session]
class WhoamiSession : public worker::Session {
 public:
  explicit WhoamiSession(worker::Stream& stream) : stream_(stream) {}

  std::size_t OnInput(absl::string_view input) override {
    const worker::Origin& origin = stream_.origin();
    stream_.Write(absl::StrCat(origin.address.ToString(), " by ", origin.listener, "\n"));
    return input.size();
  }

  std::string Suspend() override { return ""; }  // who the client is goes along by itself

 private:
  worker::Stream& stream_;
};
// [end]

class WhoamiProtocol : public worker::Protocol {
 public:
  std::unique_ptr<worker::Session> Begin(worker::Stream& stream) override {
    return std::make_unique<WhoamiSession>(stream);
  }
  absl::StatusOr<std::unique_ptr<worker::Session>> Resume(worker::Stream& stream,
                                                          std::string) override {
    return Begin(stream);
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<worker::Service>> MakeWhoami(worker::Context& context) {
  return std::make_unique<worker::StreamService>(context, std::make_unique<WhoamiProtocol>());
}

}  // namespace muster::examples
