// The examples of docs/SERVICES.md that no example program has.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/program.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/stream_service.h"

namespace muster::examples {

absl::StatusOr<std::unique_ptr<worker::Service>> MakeQuotes(worker::Context&) {
  return absl::UnimplementedError("it serves as an example");
}

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

// [pull]
// Sends numbers until the client leaves.
class Numbers : public worker::Session {
 public:
  explicit Numbers(worker::Stream& stream) : stream_(stream) { Write(); }

  void OnWritable() override { Write(); }
  std::size_t OnInput(absl::string_view input) override { return input.size(); }
  std::string Suspend() override { return ""; }

 private:
  void Write() {
    for (int i = 0; i < 1000; ++i) stream_.Write(absl::StrCat(++number_, "\n"));
  }

  worker::Stream& stream_;
  std::uint64_t number_ = 0;
};
// [end]

// [pause]
class Lookup : public worker::Session {
 public:
  Lookup(worker::Stream& stream, std::vector<std::jthread>& threads)
      : stream_(stream), threads_(threads) {}

  std::size_t OnInput(absl::string_view input) override {
    const std::size_t end = input.find('\n');
    if (end == input.npos) return 0;
    stream_.Pause();  // the next line waits for this one's answer
    threads_.emplace_back([handle = stream_.handle()] {
      handle.Post([answer = Compute()](worker::Stream& stream) {
        stream.Write(answer);
        stream.Resume();
      });
    });
    return end + 1;
  }
  std::string Suspend() override { return ""; }

 private:
  worker::Stream& stream_;
  std::vector<std::jthread>& threads_;  // the protocol's, which joins them
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

// [needs]
// What it needs of the system, beside what every worker does.
absl::StatusOr<worker::SandboxNeeds> NeedsOfQuotes(const config::v1::Config&) {
  worker::SandboxNeeds needs;
  needs.read = {"/etc/hosts", "/etc/resolv.conf", "/usr/share/quotes"};
  needs.write = {"/var/lib/quotes"};
  needs.connects = true;
  return needs;
}
// [end]

// [sandboxed program]
worker::Program QuotesProgram() { return {.make_service = MakeQuotes, .sandbox = NeedsOfQuotes}; }
// [end]

}  // namespace muster::examples
