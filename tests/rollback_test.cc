// Back to an earlier generation: by hand, and by itself after a trial that failed.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string BodyOf(const std::string& address, const std::string& path) {
  const auto response = FetchOnce(address, path);
  return response.has_value() ? response->body : "no response";
}

// Serves this text at "/".
std::string Saying(const std::string& body, const std::string& more = "") {
  return absl::StrReplaceAll(RunningMaster::Config(more),
                             {{"root: \"site\"", absl::StrCat("return { body: \"", body, "\" }")}});
}

// Kills every worker of the generation that serves, once.
void KillAll(RunningMaster& muster) {
  const admin::v1::Status status = muster.Status();
  for (const admin::v1::Worker& worker : status.workers()) {
    if (worker.state() == admin::v1::Worker::SERVING) ::kill(worker.pid(), SIGKILL);
  }
}

TEST(Rollback, ServesAsBeforeUnderLoadAndIsInTheHistory) {
  RunningMaster muster(Saying("one"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(Saying("two"));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_EQ(BodyOf(muster.address(), "/"), "two");
  Load load(muster.address(), "/", {.keep_alive = 2, .connection_per_request = 1});
  ASSERT_TRUE(load.AwaitMore(50));

  const Finished rollback = muster.Ctl({"rollback"});

  ASSERT_EQ(rollback.exit, 0) << rollback.errors;
  EXPECT_THAT(rollback.output, HasSubstr("generation 3 serves: 2 workers"));
  EXPECT_EQ(BodyOf(muster.address(), "/"), "one");
  ASSERT_TRUE(load.AwaitMore(50));
  load.Stop();
  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
  EXPECT_EQ(load.closed(), 0u);
  EXPECT_EQ(muster.Status().master().rolled_back_to(), 1u);
  const Finished history = muster.Ctl({"history"});
  EXPECT_THAT(history.output, HasSubstr("rollback to 1"));
  EXPECT_THAT(history.output, HasSubstr("rolled back: left by a rollback to generation 1"));
  EXPECT_THAT(history.output, HasSubstr(absl::StrCat("uid ", ::getuid(), " (pid ")));
  // The file is read by the next reload.
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  EXPECT_EQ(BodyOf(muster.address(), "/"), "two");
  EXPECT_EQ(muster.Status().master().rolled_back_to(), 0u);
}

TEST(Rollback, StartsTheProgramThatServedThen) {
  RunningMaster muster(RunningMaster::Config("worker_binary: \"old\"\n"), "");
  const std::string worker = std::filesystem::absolute("worker/worker").string();
  const auto write = [&](const std::string& mark) {
    // Another file in its place, as a deployment does.
    WriteFile(muster.path("next"), absl::StrCat("#!/bin/sh\necho $$ >>", muster.path(mark),
                                                "\nexec ", worker, " \"$@\"\n"));
    ::chmod(muster.path("next").c_str(), 0700);
    std::filesystem::rename(muster.path("next"), muster.path("old"));
  };
  write("first");
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  write("second");
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(std::filesystem::exists(muster.path("second")));
  const auto size = std::filesystem::file_size(muster.path("first"));

  const Finished rollback = muster.Ctl({"rollback", "1"});

  ASSERT_EQ(rollback.exit, 0) << rollback.errors;
  EXPECT_GT(std::filesystem::file_size(muster.path("first")), size);
}

TEST(Rollback, MakesAnewWhatWasDroppedAndSaysSo) {
  const std::string both = Saying(
      "one", "listen { address: \"unix:second.sock\" } zone { name: \"z\" size_bytes: 65536 }\n");
  RunningMaster muster(both);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(Saying("two"));
  ASSERT_EQ(muster.Ctl({"reload", "--wait", "drained"}).exit, 0);
  ASSERT_FALSE(std::filesystem::exists(muster.path("second.sock")));

  const Finished rollback = muster.Ctl({"rollback", "1"});

  ASSERT_EQ(rollback.exit, 0) << rollback.errors;
  EXPECT_THAT(rollback.output,
              HasSubstr(absl::StrCat("made anew: listener unix:", muster.path("second.sock"))));
  EXPECT_THAT(rollback.output, HasSubstr("made anew: zone z, empty"));
  EXPECT_THAT(rollback.output, Not(HasSubstr("made anew: listener 127.0.0.1")));
  EXPECT_TRUE(std::filesystem::exists(muster.path("second.sock")));
}

TEST(Rollback, IsRefusedWhereThereIsNothingToGoBackTo) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const Finished none = muster.Ctl({"rollback"});
  EXPECT_EQ(none.exit, 1);
  EXPECT_THAT(none.errors, HasSubstr("rollback refused: no generation has served before"));
  const Finished unknown = muster.Ctl({"rollback", "9"});
  EXPECT_EQ(unknown.exit, 1);
  EXPECT_THAT(unknown.errors, HasSubstr("generation 9 is not in the history"));
  EXPECT_EQ(BodyOf(muster.address(), "/"), "<h1>first</h1>\n");
}

TEST(Rollback, GoesToTheTenLastGenerationsAndNoFurther) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  for (int reload = 0; reload < 11; ++reload) {
    ASSERT_EQ(muster.Ctl({"reload", "--wait", "drained"}).exit, 0);
  }
  EXPECT_EQ(muster.Ctl({"rollback", "2"}).exit, 1);
  const Finished rollback = muster.Ctl({"rollback", "3"});
  EXPECT_EQ(rollback.exit, 0) << rollback.errors;
}

constexpr char kTrialOfOne[] = "trial { duration { seconds: 600 } max_crashes: 1 }\n";

TEST(Trial, GoesBackByItselfAndKeepsTheConnections) {
  RunningMaster muster(Saying("one"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(Saying("two", kTrialOfOne));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  EXPECT_THAT(muster.Ctl({"history"}).output, HasSubstr("in force, on trial"));
  // One worker goes on, and has a client.
  const pid_t victim = muster.WorkerPids().at(0);
  ::kill(victim, SIGKILL);
  ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status& status) {
    return status.stats().crashes() == 1 && status.workers_size() == 2 &&
           status.workers(0).state() == admin::v1::Worker::SERVING &&
           status.workers(0).pid() != victim;
  }));
  EXPECT_EQ(BodyOf(muster.address(), "/"), "two") << "one crash is allowed";
  HttpClient client(muster.address());
  const auto before = client.Get("/");
  ASSERT_TRUE(before.has_value());
  admin::v1::Status status = muster.Status();
  for (const admin::v1::Worker& worker : status.workers()) {
    if (worker.counters().active() == 0) {
      ::kill(worker.pid(), SIGKILL);
      break;
    }
  }

  ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& now) {
    return now.master().generation() == 3 && now.master().state() == admin::v1::Master::RUNNING;
  })) << muster.Status().DebugString();
  const auto after = client.Get("/");
  ASSERT_TRUE(after.has_value()) << "the connection was lost";
  EXPECT_EQ(after->body, "one");
  status = muster.Status();
  EXPECT_EQ(status.master().rolled_back_to(), 1u);
  EXPECT_EQ(status.master().trials_failed(), 1u);
  const Finished events = muster.Ctl({"events", "--from", "1"});
  EXPECT_THAT(events.output, HasSubstr("generation 2 has failed its trial"));
  const Finished history = muster.Ctl({"history"});
  EXPECT_THAT(history.output, HasSubstr("trial, back to 1"));
  EXPECT_THAT(history.output, HasSubstr("2 crashes within"));
}

TEST(Trial, MakesTheUnixListenersOfTheWayBackAnew) {
  RunningMaster muster(Saying("one", "listen { address: \"unix:second.sock\" }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(Saying("two", "trial { duration { seconds: 600 } max_crashes: 0 }\n"));
  ASSERT_EQ(muster.Ctl({"reload", "--wait", "drained"}).exit, 0);
  EXPECT_FALSE(std::filesystem::exists(muster.path("second.sock")));

  KillAll(muster);

  ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& now) {
    return now.master().generation() == 3 && now.master().state() == admin::v1::Master::RUNNING;
  })) << muster.Status().DebugString();
  EXPECT_EQ(muster.Status().master().listen_size(), 2);
  EXPECT_TRUE(std::filesystem::exists(muster.path("second.sock")));
}

TEST(Trial, IsPassedAfterItsTime) {
  RunningMaster muster(Saying("one", "listen { address: \"unix:second.sock\" }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(Saying("two", "trial { duration { seconds: 1 } }\n"));
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& now) { return !now.master().has_trial_until(); }));
  EXPECT_THAT(muster.Ctl({"events", "--from", "1"}).output,
              HasSubstr("generation 2 has passed its trial"));
  ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status&) {
    return !std::filesystem::exists(muster.path("second.sock"));
  })) << "the way back is not needed any more";
}

TEST(Plan, TellsWhatAReloadWouldDoAndDoesNothing) {
  RunningMaster muster(Saying("one", "zone { name: \"old\" size_bytes: 65536 }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> workers = muster.WorkerPids();
  muster.WriteConfig(absl::StrReplaceAll(
      Saying("two",
             "listen { address: \"unix:new.sock\" } zone { name: \"new\" size_bytes: 4096 }\n"),
      {{"worker_processes: 2", "worker_processes: 3"}}));

  const Finished plan = muster.Ctl({"reload", "--plan"});

  ASSERT_EQ(plan.exit, 0) << plan.errors;
  EXPECT_THAT(plan.output, HasSubstr("workers: 2 are replaced by 3"));
  EXPECT_THAT(plan.output, HasSubstr(absl::StrCat("listener ", muster.address(), ": kept")));
  EXPECT_THAT(plan.output, HasSubstr("new.sock: made"));
  EXPECT_THAT(plan.output, HasSubstr("zone new: made, empty"));
  EXPECT_THAT(plan.output, HasSubstr("zone old: dropped"));
  EXPECT_THAT(plan.output, HasSubstr("+worker_processes: 3"));
  EXPECT_EQ(muster.WorkerPids(), workers);
  EXPECT_EQ(muster.Status().master().generation(), 1u);
  EXPECT_FALSE(std::filesystem::exists(muster.path("new.sock")));
}

}  // namespace
}  // namespace muster::tests
