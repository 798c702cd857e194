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

// [counter metrics]
// What the handler counts of itself, in all workers.
struct CounterMetrics {
  worker::MetricCounter added;
  worker::MetricCounter refused;
};

absl::StatusOr<CounterMetrics> RegisterMetrics(worker::Metrics& metrics) {
  constexpr char kName[] = "counter_changes_total";
  constexpr char kHelp[] = "Requests to change a counter.";
  CounterMetrics made;
  MUSTER_ASSIGN_OR_RETURN(made.added, metrics.Counter(kName, kHelp, {{"outcome", "added"}}));
  MUSTER_ASSIGN_OR_RETURN(made.refused, metrics.Counter(kName, kHelp, {{"outcome", "refused"}}));
  return made;
}
// [end]

// [counter handler]
class CounterHandler : public worker::http::Handler {
 public:
  CounterHandler(CounterZone counters, CounterMetrics metrics)
      : counters_(std::move(counters)), metrics_(metrics) {}

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
    (value.ok() ? metrics_.added : metrics_.refused).Add();
    if (value.ok()) return Number(*value);
    return Error(absl::IsInvalidArgument(value.status()) ? 400 : 507, value.status().message());
  }

  CounterZone counters_;
  const CounterMetrics metrics_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<worker::http::Handler>> MakeCounterHandler(
    worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(CounterZone counters, CounterZone::Open(context));
  const absl::StatusOr<CounterMetrics> metrics = RegisterMetrics(context.metrics());
  // Nobody needs them to count: what is counted without them is seen by nobody.
  if (!metrics.ok()) {
    context.Log(config::v1::Log::WARN, absl::StrCat("counter: ", metrics.status().message()));
  }
  return std::make_unique<CounterHandler>(std::move(counters), metrics.value_or(CounterMetrics()));
}

}  // namespace muster::examples
