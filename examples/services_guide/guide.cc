// The examples of docs/SERVICES.md that no example program has.

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/service.h"

namespace muster::examples {

std::string Compute() { return "42\n"; }

// [later]
class Reports : public worker::http::Handler {
 public:
  void Handle(const worker::http::Request&, worker::http::Reply reply) override {
    threads_.emplace_back([reply = std::move(reply)]() mutable {
      reply.Send({.body = Compute()});  // from this thread, at any time
    });
  }

 private:
  std::vector<std::jthread> threads_;  // joined when the handler is destroyed
};
// [end]

// [loop]
class Report {
 public:
  explicit Report(worker::Context& context)
      : context_(context), timer_(context.loop(), [this] { Write(); }) {
    timer_.SetAfter(std::chrono::minutes(1));
  }
  // From any thread.
  void WriteSoon() {
    context_.Post([this] { Write(); });
  }

 private:
  void Write() {
    context_.Log(config::v1::Log::INFO, absl::StrCat("requests: ", context_.zone().Sum().requests));
    timer_.SetAfter(std::chrono::minutes(1));
  }

  worker::Context& context_;
  loop::Timer timer_;
};
// [end]

}  // namespace muster::examples
