// What a service may use of its worker: a whole worker in this process.

#include "muster/worker/runtime/context.h"

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/process_env/process_title.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/runtime/signal_source.h"
#include "muster/worker/runtime/worker_process.h"
#include "muster/worker/testing/test_master.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// Does what the test says, at its beginning and at its end.
class Scripted : public Service {
 public:
  explicit Scripted(std::function<void()> at_end) : at_end_(std::move(at_end)) {}
  ~Scripted() override { at_end_(); }
  void OnConnection(Connection) override {}
  absl::Status Reopen() override { return absl::OkStatus(); }
  void Drain(Idle) override {}

 private:
  std::function<void()> at_end_;
};

class ContextTest : public ::testing::Test {
 protected:
  // Runs a worker whose service begins with `begin`, until End is called.
  void Run(std::function<void(Context&)> begin) {
    process_env::ProcessTitle title(0, nullptr);
    auto signals = TakeSignals();
    ASSERT_TRUE(signals.ok()) << signals.status();
    Inheritance inheritance;
    inheritance.hello = master_.Hello(master_.Reserve());
    inheritance.zone = *ipc::DuplicateFd(master_.zone().fd());
    inheritance.config = master_.SealConfig();
    inheritance.handoff_take = *ipc::DuplicateFd(master_.handoff_take());
    inheritance.handoff_give = *ipc::DuplicateFd(master_.handoff_give());
    inheritance.zones.push_back({"numbers", *ipc::DuplicateFd(numbers_.memory_fd()),
                                 *ipc::DuplicateFd(numbers_.bell_fd())});
    auto process = WorkerProcess::Create(
        {channel_.second, ::getpid(), title, *std::move(signals), std::move(inheritance)},
        [&](Context& context) -> absl::StatusOr<std::unique_ptr<Service>> {
          begin(context);
          return std::make_unique<Scripted>([this] { at_end_(); });
        });
    ASSERT_TRUE(process.ok()) << process.status();
    EXPECT_TRUE((*process)->Run().ok());
  }
  // From any thread.
  void End() {
    ipc::Message message;
    message.command = ipc::CommandNumber(Command::kTerminate);
    EXPECT_TRUE(channel_.first.Send(message).ok());
  }

  testing::TestMaster master_;
  ipc::Channel::Pair channel_ = *ipc::Channel::CreatePair();
  UserZone numbers_ = *UserZone::Create("numbers", 100);
  std::function<void()> at_end_ = [] {};
};

TEST_F(ContextTest, RunsWhatThreadsPostInTheOrderOfEach) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  std::vector<std::thread> threads;
  std::vector<int> next(kThreads);
  int done = 0;
  bool is_in_order = true;
  std::thread::id ran_in;
  Run([&](Context& context) {
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int task = 0; task < kTasks; ++task) {
          context.Post([&, i, task] {
            is_in_order = is_in_order && next[i]++ == task;
            ran_in = std::this_thread::get_id();
            if (++done == kThreads * kTasks) End();
          });
        }
      });
    }
    at_end_ = [&] {
      for (std::thread& thread : threads) thread.join();
    };
  });
  EXPECT_EQ(done, kThreads * kTasks);
  EXPECT_TRUE(is_in_order);
  EXPECT_EQ(ran_in, std::this_thread::get_id());
}

TEST_F(ContextTest, RunsNothingThatIsPostedWhenTheServiceGoes) {
  std::atomic<bool> is_over{false};
  bool ran = false;
  auto held = std::make_shared<int>();
  std::thread thread;
  Run([&](Context& context) {
    thread = std::thread([&, held] {
      while (!is_over) std::this_thread::yield();
      context.Post([&ran, held] { ran = true; });
    });
    at_end_ = [&] {
      is_over = true;
      thread.join();
      context.Post([&ran, held] { ran = true; });
    };
    End();
  });
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1) << "what was left is dropped";
}

TEST_F(ContextTest, DropsWhatIsPostedByWhatItDrops) {
  struct Holder {
    Holder(Context& context, std::shared_ptr<int> held) : context(context), held(std::move(held)) {}
    ~Holder() {
      context.Post([held = held] {});
    }
    Context& context;
    std::shared_ptr<int> held;
  };
  auto held = std::make_shared<int>();
  Run([&](Context& context) {
    at_end_ = [&] { context.Post([holder = std::make_shared<Holder>(context, held)] {}); };
    End();
  });
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(ContextTest, LogsOneLineWhateverIsInIt) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/log");
  master_.config().mutable_log()->set_path(path);
  // The worker makes the file its standard error.
  const ipc::UniqueFd standard_error = *ipc::DuplicateFd(STDERR_FILENO);
  Run([&](Context& context) {
    std::thread([&] { context.Log(config::v1::Log::WARN, "one\ntwo\x1b[1m"); }).join();
    End();
  });
  ::dup2(standard_error.get(), STDERR_FILENO);
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, HasSubstr(" warning worker 1 of generation 7: "));
  EXPECT_THAT(text, EndsWith(": one\\x0atwo\\x1b[1m\n"));
}

TEST_F(ContextTest, KnowsItsNumberAndItsSlot) {
  std::uint32_t index = 0;
  std::uint32_t slot = 0;
  Run([&](Context& context) {
    index = context.index();
    slot = context.slot();
    End();
  });
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(slot, 3u);
}

TEST_F(ContextTest, HasTheZonesThatAreDeclared) {
  Run([&](Context& context) {
    const auto zone = context.zone("numbers");
    ASSERT_TRUE(zone.ok()) << zone.status();
    **(*zone)->Get<int>("number") = 7;
    EXPECT_EQ(context.zone("words").status(),
              absl::FailedPreconditionError("zone \"words\": is not declared; the configuration "
                                            "needs zone { name: \"words\" size_bytes: ... }"));
    End();
  });
  EXPECT_EQ(**numbers_.zone().Find<int>("number"), 7);
}

}  // namespace
}  // namespace muster::worker
