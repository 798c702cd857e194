// A worker program for tests of threads. A client sends lines, and each is a task:
//
// answer TEXT   sends TEXT back
// until PATH    says "begun"; when it is cancelled, makes the file PATH
// after PATH    outlasts clients, and says "begun"; when the file PATH is there, makes PATH.done
// stuck         says "begun", and never returns
//
// The log says when the service was told of an exit without its destruction.

#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/context.h"
#include "muster/worker/runtime/run_worker.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/threads/thread_pool.h"

namespace muster::worker {
namespace {

void Say(const StreamHandle& handle, const std::string& line) {
  handle.Post([line](Stream& stream) { stream.Write(absl::StrCat(line, "\n")); });
}

void Make(const std::string& path) { std::ofstream file(path); }

absl::Status Do(const std::string& what, const std::string& about, const StreamHandle& handle,
                Task& task) {
  if (what == "answer") {
    Say(handle, about);
    return absl::OkStatus();
  }
  Say(handle, "begun");
  constexpr auto kPause = std::chrono::milliseconds(1);
  if (what == "until") {
    while (!task.cancelled()) std::this_thread::sleep_for(kPause);
    Make(about);
  } else if (what == "after") {
    while (::access(about.c_str(), F_OK) != 0) std::this_thread::sleep_for(kPause);
    Make(about + ".done");
  } else {
    for (;;) ::pause();
  }
  return absl::OkStatus();
}

class Line : public Session {
 public:
  Line(ThreadPool& threads, Stream& stream) : threads_(threads), stream_(stream) {}

  std::size_t OnInput(absl::string_view input) override {
    const std::size_t end = input.find('\n');
    if (end == input.npos) return 0;
    const std::vector<std::string> words = absl::StrSplit(input.substr(0, end), ' ');
    const std::string about = words.size() > 1 ? words[1] : "";
    const auto task = threads_.Submit([what = words[0], about, handle = stream_.handle()](
                                          Task& token) { return Do(what, about, handle, token); },
                                      {.outlasts_clients = words[0] == "after"});
    if (!task.ok()) stream_.Write(absl::StrCat(task.status().message(), "\n"));
    return end + 1;
  }
  std::string Suspend() override { return ""; }

 private:
  ThreadPool& threads_;
  Stream& stream_;
};

class Lines : public Protocol {
 public:
  explicit Lines(ThreadPool& threads) : threads_(threads) {}

  std::unique_ptr<Session> Begin(Stream& stream) override {
    return std::make_unique<Line>(threads_, stream);
  }
  absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string) override {
    return Begin(stream);
  }

 private:
  ThreadPool& threads_;
};

class LinesService : public Service {
 public:
  explicit LinesService(Context& context)
      : context_(context), streams_(context, std::make_unique<Lines>(context.threads())) {}

  void OnConnection(Connection connection) override {
    streams_.OnConnection(std::move(connection));
  }
  absl::Status Adopt(Connection connection, std::string state) override {
    return streams_.Adopt(std::move(connection), std::move(state));
  }
  absl::Status Reopen() override { return streams_.Reopen(); }
  void Drain(Idle idle) override { streams_.Drain(idle); }
  void OnHandoffRoom() override { streams_.OnHandoffRoom(); }
  void BeforeExit() override { context_.Log(config::v1::Log::INFO, "written out"); }

 private:
  Context& context_;
  StreamService streams_;
};

absl::StatusOr<std::unique_ptr<Service>> MakeLines(Context& context) {
  MUSTER_RETURN_IF_ERROR(context.threads().CheckConfigured());
  return std::make_unique<LinesService>(context);
}

}  // namespace
}  // namespace muster::worker

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return muster::worker::RunWorker(argc, argv, {.make_service = muster::worker::MakeLines});
}
