// The examples of docs/SERVICES.md that no example program has.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/program.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/threads/thread_pool.h"

namespace muster::examples {

absl::StatusOr<std::unique_ptr<worker::Service>> MakeQuotes(worker::Context&) {
  return absl::UnimplementedError("it serves as an example");
}

std::string Compute() { return "42\n"; }

// [later]
class Reports : public worker::http::Handler {
 public:
  explicit Reports(worker::ThreadPool& threads) : threads_(threads) {}

  void Handle(const worker::http::Request&, worker::http::Reply reply) override {
    const auto shared = std::make_shared<worker::http::Reply>(std::move(reply));
    const auto task = threads_.Submit(
        [shared](worker::Task&) {
          shared->Send({.body = Compute()});  // from this thread, at any time
          return absl::OkStatus();
        },
        {.deadline = loop::Clock::now() + std::chrono::seconds(5),
         .on_done = [shared](const absl::Status& status) {
           if (!status.ok()) shared->Send({.status = 503});
         }});
    if (!task.ok()) shared->Send({.status = 503});  // all threads are busy, and the queue is full
  }

 private:
  worker::ThreadPool& threads_;  // Context::threads()
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
  Lookup(worker::Stream& stream, worker::ThreadPool& threads)
      : stream_(stream), threads_(threads) {}

  std::size_t OnInput(absl::string_view input) override {
    const std::size_t end = input.find('\n');
    if (end == input.npos) return 0;
    stream_.Pause();  // the next line waits for this one's answer
    const auto task = threads_.Submit([handle = stream_.handle()](worker::Task&) {
      handle.Post([answer = Compute()](worker::Stream& stream) {
        stream.Write(answer);
        stream.Resume();
      });
      return absl::OkStatus();
    });
    if (!task.ok()) stream_.Close();
    return end + 1;
  }
  std::string Suspend() override { return ""; }

 private:
  worker::Stream& stream_;
  worker::ThreadPool& threads_;  // Context::threads()
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

// [task]
class Table {
 public:
  explicit Table(worker::Context& context) : context_(context) {}

  absl::Status Compact() {
    const auto work = [this](worker::Task& task) {
      for (std::size_t row = 0; row < kRows; ++row) {
        if (task.cancelled()) return absl::CancelledError("interrupted");
        CompactRow(row);
      }
      return absl::OkStatus();
    };
    worker::ThreadPool::Options options;
    options.on_done = [this](const absl::Status& status) { LogOutcome(status); };
    MUSTER_ASSIGN_OR_RETURN(compaction_, context_.threads().Submit(work, std::move(options)));
    return absl::OkStatus();
  }
  void Stop() { compaction_.Cancel(); }
  // [end]

 private:
  static constexpr std::size_t kRows = 1000;

  void CompactRow(std::size_t) {}
  void LogOutcome(const absl::Status& status) {
    context_.Log(config::v1::Log::INFO, absl::StrCat("compaction: ", status.ToString()));
  }

  worker::Context& context_;
  worker::TaskHandle compaction_;
};

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
