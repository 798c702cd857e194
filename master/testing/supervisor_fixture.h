#ifndef MUSTER_MASTER_TESTING_SUPERVISOR_FIXTURE_H_
#define MUSTER_MASTER_TESTING_SUPERVISOR_FIXTURE_H_

#include <stdlib.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/run_until.h"
#include "muster/loop/timer.h"
#include "muster/master/config/identified_config.h"
#include "muster/master/supervisor.h"

namespace muster::master {

// A supervisor with real processes: fake workers, which behave as told by Manner.
class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/muster-supervisor-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    WriteConfig("");
    loop_ = *loop::EventLoop::Create();
    Manner("");
  }
  void TearDown() override {
    if (supervisor_ != nullptr && !has_exited_) {
      supervisor_->Stop(nullptr);
      EXPECT_TRUE(AwaitExit());
    }
    supervisor_.reset();
    pid_file_.reset();
    std::filesystem::remove_all(folder_);
  }

  // As if a process had sent it.
  void Obey(int signal) {
    supervisor_->ObeySignal({.number = signal, .sender_pid = 1, .is_from_process = true});
  }
  static void Manner(const char* manner) { ::setenv("FAKE_WORKER", manner, 1); }
  void WriteConfig(const std::string& more, int workers = 2, const std::string& pid_file = "pid") {
    std::ofstream(folder_ + "/m.textproto")
        << "worker_processes: " << workers
        << " listen { address: '127.0.0.1:0' } ready_timeout { nanos: 500000000 "
           "} "
           "http { location { path: '/' return {} } } log { path: 'master.log' } pid_file: '"
        << pid_file << "' " << more;
  }
  void Start() {
    const std::string file = folder_ + "/m.textproto";
    const auto checked = ReadIdentifiedFile(file, folder_, nullptr);
    ASSERT_TRUE(checked.ok()) << checked.status();
    ASSERT_TRUE(log_.Configure(checked->config.log()).ok());
    auto pid_file = PidFile::Lock(checked->config.pid_file());
    ASSERT_TRUE(pid_file.ok()) << pid_file.status();
    pid_file_.emplace(*std::move(pid_file));
    const std::string worker = std::filesystem::absolute("master/process/fake_worker").string();
    WorkerFinder finder(worker);
    auto first = PrepareDeployment(*checked, finder, ListenerSet());
    ASSERT_TRUE(first.ok()) << first.status();
    auto supervisor = Supervisor::Create(*loop_, log_, events_, *pid_file_, {file, folder_, worker},
                                         *std::move(first));
    ASSERT_TRUE(supervisor.ok()) << supervisor.status();
    supervisor_ = *std::move(supervisor);
    supervisor_->Start();
  }
  void Serve() {
    Start();
    ASSERT_TRUE(loop::RunUntil(
        *loop_, [&] { return Report().master().state() == admin::v1::Master::RUNNING; }));
  }
  bool AwaitExit() {
    has_exited_ = true;
    // Run ends when the supervisor stops the loop; the timer is for when it does not.
    loop::Timer alarm(*loop_, [] { std::abort(); });
    alarm.SetAfter(std::chrono::seconds(120));
    return loop_->Run().ok();
  }
  Outcome AwaitOutcome(RequestId (Supervisor::*ask)(Supervisor::Reply)) {
    std::optional<Outcome> outcome;
    (*supervisor_.*ask)([&](const Outcome& result) { outcome = result; });
    EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return outcome.has_value(); }));
    return outcome.value_or(Outcome());
  }
  admin::v1::Status Report() const { return supervisor_->Report(); }
  std::string LogText() const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/master.log").rdbuf();
    return text.str();
  }
  static bool Connects(const std::string& text) {
    const listen::Address address = *listen::Address::Parse(text);
    const ipc::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), address.get(), address.size()) == 0;
  }

  std::string folder_;
  Log log_;
  std::unique_ptr<loop::EventLoop> loop_;
  EventRing events_;
  std::optional<PidFile> pid_file_;
  std::unique_ptr<Supervisor> supervisor_;
  bool has_exited_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_TESTING_SUPERVISOR_FIXTURE_H_
