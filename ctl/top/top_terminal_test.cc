// ctl top on a real terminal, which tmux is.

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <future>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTmux[] = "/usr/bin/tmux";

class TopInTmux : public Ctl {
 protected:
  TopInTmux() {
    admin_.Answer([this](const v1::GetStatusRequest&, v1::Status* status) {
      status->mutable_master()->set_state(v1::Master::RUNNING);
      for (int i = 0; i < 3; ++i) {
        v1::Worker* worker = status->add_workers();
        worker->set_index(i);
        worker->set_pid(first_pid_ + i);
        worker->set_state(i == 1 ? v1::Worker::BACKOFF : v1::Worker::SERVING);
      }
      return grpc::Status::OK;
    });
    admin_.Stream(
        [](const v1::WatchEventsRequest&, const FakeAdmin::Writer<v1::WatchEventsResponse>& write) {
          v1::WatchEventsResponse batch;
          batch.add_events()->set_text("worker 1 has gone");
          write(batch);
          return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "that is all");
        });
  }
  ~TopInTmux() override {
    if (is_started_) Tmux({"kill-server"});
  }

  // Runs tmux with a server of its own to its end, and returns what it prints.
  std::string Tmux(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {kTmux, "-S", folder_ + "/tmux", "-f", "/dev/null"});
    const ipc::UniqueFd out(::memfd_create("out", MFD_CLOEXEC));
    Wait(Spawn(std::move(arguments), {"TERM=xterm-256color", "LANG=C.UTF-8", "PATH=/usr/bin:/bin"},
               out.get(), STDERR_FILENO));
    return Contents(out.get());
  }

  // False: tmux is not installed.
  bool Start(int width, int height, const std::string& options = "--interval 100ms") {
    if (::access(kTmux, X_OK) != 0) {
      std::cerr << "skipped: tmux is not installed\n";
      return false;
    }
    Serve();
    is_started_ = true;
    // The shell stays after the end of ctl.
    Tmux({"new-session", "-d", "-x", absl::StrCat(width), "-y", absl::StrCat(height),
          absl::StrCat(kCtl, " -m ", socket_, " top ", options, "; echo ctl has ended: $?; cat")});
    const std::string path = folder_ + "/written";
    MUSTER_CHECK(::mkfifo(path.c_str(), 0600) == 0, "mkfifo");
    // For writing, too: then it has no end.
    written_.reset(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    MUSTER_CHECK(written_.valid(), "open");
    Tmux({"pipe-pane", absl::StrCat("exec cat >", path)});
    return true;
  }

  // What is on the screen, once it is as wanted. A generous time later: what is there then.
  std::string ScreenWhen(const std::function<bool(const std::string&)>& is_wanted) {
    const ipc::Deadline end = ipc::Deadline::After(absl::Seconds(30));
    for (;;) {
      // What is written after this wakes the poll below, so no change is missed.
      char bytes[4096];
      while (::read(written_.get(), bytes, sizeof(bytes)) > 0) {
      }
      std::string screen = Tmux({"capture-pane", "-p"});
      if (is_wanted(screen)) return screen;
      pollfd written = {.fd = written_.get(), .events = POLLIN, .revents = 0};
      if (ipc::RetryOnEintr([&] { return ::poll(&written, 1, end.poll_timeout()); }) != 1) {
        return screen;
      }
    }
  }
  std::string ScreenWith(const std::string& text) {
    return ScreenWhen([&](const std::string& screen) { return absl::StrContains(screen, text); });
  }

  // That the screen becomes as the matcher says. It is drawn in steps, and each of them may be
  // seen.
  void ExpectScreen(const ::testing::Matcher<const std::string&>& matcher) {
    EXPECT_THAT(ScreenWhen(::testing::Matches(matcher)), matcher);
  }

  // Of the worker 0; those of the others follow.
  std::atomic<int> first_pid_ = 4710;
  bool is_started_ = false;
  // All that tmux has put onto the screen since Start, as ctl wrote it.
  ipc::UniqueFd written_;
};

TEST_F(TopInTmux, ShowsWorkersAndEventsAndTakesKeys) {
  if (!Start(120, 30)) GTEST_SKIP();
  ExpectScreen(AllOf(HasSubstr("running"), HasSubstr("+WORKER"), HasSubstr("4712"),
                     HasSubstr("backoff"), HasSubstr("worker 1 has gone"), HasSubstr("q quit")));
  Tmux({"send-keys", "/", "back", "Enter"});
  ExpectScreen(AllOf(HasSubstr("4711"), Not(HasSubstr("4712")), HasSubstr("filter: back\n")));
  Tmux({"send-keys", "Escape"});
  ExpectScreen(HasSubstr("4712"));
  Tmux({"send-keys", "Right"});
  ExpectScreen(HasSubstr("+GEN"));
  Tmux({"send-keys", "q"});
  ExpectScreen(AllOf(HasSubstr("ctl has ended"), Not(HasSubstr("GEN"))));
}

TEST_F(TopInTmux, EndsWithCtrlCAsWithQ) {
  if (!Start(120, 30)) GTEST_SKIP();
  ScreenWith("4712");
  Tmux({"send-keys", "/", "C-c"});
  ExpectScreen(HasSubstr("ctl has ended: 0"));
}

TEST_F(TopInTmux, EndsWhileTheMasterDoesNotAnswer) {
  std::promise<void> end;
  std::promise<void> asked_again;
  std::atomic<int> calls = 0;
  admin_.Answer(
      [&, ended = end.get_future().share()](const v1::GetStatusRequest&, v1::Status* status) {
        if (++calls == 2) asked_again.set_value();
        if (calls > 1) ended.wait();
        status->add_workers()->set_pid(4712);
        return grpc::Status::OK;
      });
  if (!Start(120, 30, "--interval 100ms --timeout 10m")) GTEST_SKIP();
  ScreenWith("4712");
  asked_again.get_future().wait();
  Tmux({"send-keys", "q"});
  ExpectScreen(HasSubstr("ctl has ended: 0"));
  end.set_value();
}

TEST_F(TopInTmux, BeginsWithTheLastTenEvents) {
  admin_.Stream([](const v1::WatchEventsRequest& request,
                   const FakeAdmin::Writer<v1::WatchEventsResponse>& write) {
    v1::WatchEventsResponse batch;
    batch.set_next(31);
    for (auto i = 31 - request.last(); i < 31; ++i) {
      batch.add_events()->set_text(absl::StrCat("event ", i, "."));
    }
    write(batch);
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "that is all");
  });
  if (!Start(120, 40)) GTEST_SKIP();
  ExpectScreen(HasSubstr("event 30."));
}

TEST_F(TopInTmux, FitsANewSizeOfTheWindow) {
  if (!Start(120, 30)) GTEST_SKIP();
  ExpectScreen(HasSubstr("CONN/S"));
  Tmux({"resize-window", "-x", "40", "-y", "10"});
  ExpectScreen(AllOf(HasSubstr("serving"), HasSubstr("REQ/S"), Not(HasSubstr("CONN/S")),
                     HasSubstr("q quit")));
}

TEST_F(TopInTmux, TellsThatTheConnectionWasLostAndGoesOn) {
  if (!Start(120, 30)) GTEST_SKIP();
  ScreenWith("4712");
  StopServing();
  ExpectScreen(AllOf(HasSubstr("\n! "), HasSubstr("4712")));
  Serve();
  ExpectScreen(AllOf(HasSubstr("4712"), Not(HasSubstr("\n! "))));
}

TEST_F(TopInTmux, ShowsLocksUnderContention) {
  admin_.Answer([](const v1::ListLocksRequest& request, v1::ListLocksResponse* locks) {
    v1::Lock* const lock = locks->add_locks();
    lock->set_name("table");
    lock->set_zone("sessions");
    lock->set_has_waiters(request.contended());
    return grpc::Status::OK;
  });
  if (!Start(120, 30)) GTEST_SKIP();
  ExpectScreen(HasSubstr("waited for"));
}

TEST_F(TopInTmux, GoesOnWithoutPermissionForLocks) {
  std::atomic<int> asked = 0;
  admin_.Answer([&asked](const v1::ListLocksRequest&, v1::ListLocksResponse*) {
    ++asked;
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you");
  });
  Serve();
  const Result result = RunCtl({"-m", socket_, "top", "--count", "3", "--interval", "100ms"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(asked, 1);
}

// What a master is told to do, and what it answers.
class TopOrderInTmux : public TopInTmux {
 protected:
  TopOrderInTmux() {
    admin_.Answer([this](const v1::ChangeWorkerRequest& request, v1::ChangeWorkerResponse*) {
      ++orders_;
      told_.set_value(request);
      end_.get_future().wait();
      return answer_;
    });
  }
  // Has `keys` pressed once the screen shows the workers.
  void PressThere(const std::vector<std::string>& keys) {
    ScreenWith("4712");
    Press(keys);
  }
  void Press(std::vector<std::string> keys) {
    keys.insert(keys.begin(), "send-keys");
    Tmux(std::move(keys));
  }

  grpc::Status answer_ = grpc::Status::OK;
  std::atomic<int> orders_ = 0;
  std::promise<v1::ChangeWorkerRequest> told_;
  std::promise<void> end_;  // of the call
};

TEST_F(TopOrderInTmux, IsSentAfterYesAndTheScreenGoesOn) {
  if (!Start(120, 30)) GTEST_SKIP();
  PressThere({"j", "j", "R"});
  ExpectScreen(HasSubstr("\nrestart worker 2 (generation 0, pid 4712)? y/n"));
  EXPECT_EQ(orders_, 0);
  Press({"y"});
  const v1::ChangeWorkerRequest request = told_.get_future().get();
  EXPECT_EQ(request.index(), 2u);
  EXPECT_EQ(request.change(), v1::ChangeWorkerRequest::RESTART);
  first_pid_ = 4720;
  Press({"Right"});
  ExpectScreen(AllOf(HasSubstr("\nrestarting worker 2 (generation 0, pid 4712)..."),
                     HasSubstr("4722"), HasSubstr("+GEN")));
  end_.set_value();
  ExpectScreen(HasSubstr("\nrestart worker 2 (generation 0, pid 4712): it was replaced"));
  Press({"j"});
  ExpectScreen(Not(HasSubstr("was replaced")));
}

TEST_F(TopOrderInTmux, IsNotSentAfterAnyOtherKey) {
  if (!Start(120, 30)) GTEST_SKIP();
  ScreenWith("4712");
  for (const char* key : {"n", "Y", "Enter", "Escape", "Down", "F1", "q"}) {
    SCOPED_TRACE(key);
    Press({"D"});
    ExpectScreen(HasSubstr("drain worker 0 (generation 0, pid 4710)? y/n"));
    Press({key});
    ExpectScreen(HasSubstr("nothing was sent"));
  }
  EXPECT_EQ(orders_, 0);
}

TEST_F(TopOrderInTmux, IsNotSentToASuccessor) {
  if (!Start(120, 30)) GTEST_SKIP();
  PressThere({"j", "j", "R"});
  ScreenWith("? y/n");
  first_pid_ = 4720;
  ScreenWith("4722");
  Press({"y"});
  ExpectScreen(
      HasSubstr("restart worker 2 (generation 0, pid 4712): nothing was sent: it was "
                "replaced by pid 4722"));
  EXPECT_EQ(orders_, 0);
}

TEST_F(TopOrderInTmux, ShowsWhyTheMasterRefuses) {
  answer_ = grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                         "worker drain refused: worker 0 is the last one that serves");
  end_.set_value();
  if (!Start(80, 30)) GTEST_SKIP();
  PressThere({"D"});
  ScreenWith("? y/n");
  Press({"y"});
  ExpectScreen(
      HasSubstr("\ndrain worker 0 (generation 0, pid 4710): worker drain refused: worker 0 "
                "is the\nlast one that serves\n"));
}

TEST_F(TopOrderInTmux, ShowsThatItMayNotBeGiven) {
  answer_ = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you");
  end_.set_value();
  // The outcome comes long before the next status.
  if (!Start(120, 30, "--interval 10m")) GTEST_SKIP();
  PressThere({"R"});
  ScreenWith("? y/n");
  Press({"y"});
  ExpectScreen(HasSubstr("\nrestart worker 0 (generation 0, pid 4710): not for you"));
}

TEST_F(TopOrderInTmux, ShowsThatTheConnectionWasLost) {
  if (!Start(120, 30)) GTEST_SKIP();
  PressThere({"R"});
  ScreenWith("? y/n");
  Press({"y"});
  told_.get_future().wait();
  // It ends with the answer, which nobody takes any more.
  std::thread stopping([this] { StopServing(); });
  ExpectScreen(
      AllOf(HasSubstr("restart worker 0 (generation 0, pid 4710): the connection was lost"),
            HasSubstr("outcome unknown, ask ctl call")));
  end_.set_value();
  stopping.join();
}

TEST_F(TopOrderInTmux, IsUnknownToWhoLeavesBeforeItsOutcome) {
  if (!Start(120, 30)) GTEST_SKIP();
  PressThere({"R"});
  ScreenWith("? y/n");
  Press({"y"});
  told_.get_future().wait();
  Press({"q"});
  ExpectScreen(AllOf(HasSubstr("top has ended before its outcome came; ask ctl calls"),
                     HasSubstr("ctl has ended: 4")));
  end_.set_value();
}

TEST_F(TopInTmux, PrintsLinesWithoutATerminal) {
  Serve();
  const Result result = RunCtl({"-m", socket_, "top", "--count", "2", "--interval", "100ms"});
  EXPECT_EQ(result.code, 0) << result.error;
  const std::size_t first = result.out.find("+WORKER");
  EXPECT_NE(result.out.find("+WORKER", first + 1), result.out.npos);
  EXPECT_THAT(result.out, AllOf(HasSubstr("4712"), Not(HasSubstr("\x1b"))));
}

TEST_F(TopInTmux, ExitsWithOneWithoutPermission) {
  admin_.Answer([](const v1::GetStatusRequest&, v1::Status*) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you");
  });
  Serve();
  const Result result = RunCtl({"-m", socket_, "top", "--count", "1"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.error, "ctl: not for you\n");
}

}  // namespace
}  // namespace muster::ctl
