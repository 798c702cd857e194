#include "muster/examples/counter/counter_handler.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/examples/counter/counter_zone.h"
#include "muster/ipc/base/status.h"

namespace muster::examples {
namespace {

using worker::http::Reply;
using worker::http::Request;
using worker::http::Response;

Response Number(std::int64_t value) { return {.body = absl::StrCat(value, "\n")}; }

Response Error(int status, absl::string_view problem) {
  return {.status = status, .body = absl::StrCat(problem, "\n")};
}

// [counter handler]
class CounterHandler : public worker::http::Handler {
 public:
  explicit CounterHandler(CounterZone counters) : counters_(std::move(counters)) {}

  void Handle(const Request& request, Reply reply) override {
    absl::string_view name = request.path;
    absl::ConsumePrefix(&name, "/counter/");
    if (request.method == "GET" || request.method == "HEAD") {
      const std::optional<std::int64_t> value = counters_.Read(name);
      reply.Send(value.has_value() ? Number(*value) : Error(404, "there is no such counter"));
    } else if (request.method == "POST") {
      reply.Send(Post(name, absl::StripAsciiWhitespace(request.body)));
    } else {
      reply.Send({.status = 405, .headers = {{"Allow", "GET, HEAD, POST"}}});
    }
  }
  // [end]

 private:
  Response Post(absl::string_view name, absl::string_view body) {
    std::int64_t amount = 1;
    if (!body.empty() && !absl::SimpleAtoi(body, &amount)) {
      return Error(400, "the body is no whole number");
    }
    const absl::StatusOr<std::int64_t> value = counters_.Add(name, amount);
    if (value.ok()) return Number(*value);
    return Error(absl::IsInvalidArgument(value.status()) ? 400 : 507, value.status().message());
  }

  CounterZone counters_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<worker::http::Handler>> MakeCounterHandler(
    worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(CounterZone counters, CounterZone::Open(context));
  return std::make_unique<CounterHandler>(std::move(counters));
}

}  // namespace muster::examples
