// The real binary against a fake admin service over a real Unix socket.

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <poll.h>
#include <pty.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kFakeMaster[] = "ctl/testing/fake_master";

v1::Status SomeStatus() {
  v1::Status status;
  status.mutable_master()->set_pid(4711);
  status.mutable_master()->set_state(v1::Master::RUNNING);
  status.mutable_master()->set_generation(3);
  status.mutable_master()->add_listen("127.0.0.1:8080");
  v1::Worker* worker = status.add_workers();
  worker->set_pid(4712);
  worker->set_state(v1::Worker::SERVING);
  return status;
}

TEST_F(Ctl, StatusShowsMasterAndWorkers) {
  admin_.Answer([](const v1::GetStatusRequest&, v1::Status* status) {
    *status = SomeStatus();
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", "unix:" + socket_, "status"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("pid 4711"), HasSubstr("\nWORKER"), HasSubstr("4712")));
  EXPECT_THAT(result.error, IsEmpty());
}

TEST_F(Ctl, StatusIsShownAgainWhenItHasChanged) {
  admin_.Stream([](const v1::WatchStatusRequest&, const FakeAdmin::Writer<v1::Status>& write) {
    v1::Status status = SomeStatus();
    write(status);
    status.mutable_master()->set_pid(4799);
    write(status);
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "status", "--watch"});
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("pid 4711"), HasSubstr("\n\nmaster "), HasSubstr("4799")));
}

TEST_F(Ctl, WorkersListsWorkers) {
  admin_.Answer([](const v1::ListWorkersRequest&, v1::ListWorkersResponse* response) {
    response->add_workers()->set_pid(4712);
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "workers"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, AllOf(StartsWith("WORKER"), HasSubstr("4712")));
}

TEST_F(Ctl, StatsShowsTheTotal) {
  admin_.Answer([](const v1::GetStatsRequest&, v1::Stats* stats) {
    stats->mutable_total()->set_requests(987654);
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "stats"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, HasSubstr("987654"));
}

TEST_F(Ctl, JsonIsTheWholeAnswer) {
  admin_.Answer([](const v1::GetStatusRequest&, v1::Status* status) {
    *status = SomeStatus();
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "-o", "json", "status"});
  EXPECT_EQ(result.code, 0);
  v1::Status status;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &status).ok()) << result.out;
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(status, SomeStatus()));
}

TEST_F(Ctl, JsonHasTheFieldsThatAreZero) {
  admin_.Answer([](const v1::GetStatsRequest&, v1::Stats* stats) {
    stats->mutable_total();
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "-o", "json", "stats"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("\"crashes\": \"0\""), HasSubstr("\"slots\": []"),
                                HasSubstr("\"closedAtDeadline\": \"0\"")));
}

TEST_F(Ctl, TakesGlobalOptionsAfterTheCommandToo) {
  Serve();
  const Result result = RunCtl({"stats", "--master", socket_, "-o", "json"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, StartsWith("{"));
}

TEST_F(Ctl, ReloadTellsWhatDidNotGoAsItShould) {
  admin_.Answer([](const v1::ReloadRequest&, v1::ReloadResponse* response) {
    response->set_generation(7);
    response->add_workers();
    response->add_warning("worker 0 of generation 6 (pid 4711) has not begun to drain within 5s");
    response->set_connections_cut(3);
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "reload"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, HasSubstr("\nwarning: worker 0 of generation 6 (pid 4711) has not begun "
                                    "to drain within 5s\n"));
  EXPECT_THAT(RunCtl({"--master", socket_, "-o", "json", "reload"}).out,
              AllOf(HasSubstr("\"connectionsCut\": \"3\""), HasSubstr("\"warning\": [")));
}

TEST_F(Ctl, ReloadTellsTheNewGeneration) {
  admin_.Answer([](const v1::ReloadRequest&, v1::ReloadResponse* response) {
    response->set_generation(7);
    response->add_workers();
    response->add_workers();
    response->mutable_took()->set_nanos(84'000'000);
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "reload"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "generation 7 serves: 2 workers ready in 84ms\n");
}

TEST_F(Ctl, ReloadThatIsRefusedPrintsEachMistakeAndFails) {
  admin_.Answer([](const v1::ReloadRequest&, v1::ReloadResponse*) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                        "reload refused, generation 4 goes on serving:\n"
                        "site.textproto:3:1: no field lisen\nsite.textproto:9:5: 70000 is no port");
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "reload"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_EQ(result.error,
            "ctl: reload refused, generation 4 goes on serving:\n"
            "site.textproto:3:1: no field lisen\n"
            "site.textproto:9:5: 70000 is no port\n");
}

TEST_F(Ctl, ReloadThatWasUndoneFailsWithItsReason) {
  admin_.Answer([](const v1::ReloadRequest&, v1::ReloadResponse*) {
    return grpc::Status(grpc::StatusCode::ABORTED, "worker 1 was killed by SIGSEGV");
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "reload"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.error, "ctl: worker 1 was killed by SIGSEGV\n");
}

TEST_F(Ctl, ReasonsCannotCommandTheTerminal) {
  admin_.Answer([](const v1::ReloadRequest&, v1::ReloadResponse*) {
    return grpc::Status(grpc::StatusCode::ABORTED, "worker 1 says \x1b]0;owned\x07");
  });
  Serve();
  EXPECT_EQ(RunCtl({"--master", socket_, "reload"}).error,
            "ctl: worker 1 says \\x1b]0;owned\\x07\n");
}

TEST_F(Ctl, ReopenTellsHowManyDid) {
  admin_.Answer([](const v1::ReopenRequest&, v1::ReopenResponse* response) {
    response->set_workers(2);
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "reopen"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "log files opened again by the master and 2 workers\n");
}

TEST_F(Ctl, PauseTellsHowTheWorkersEnded) {
  admin_.Answer([](const v1::PauseRequest&, v1::PauseResponse* response) {
    response->set_exited(2);
    response->set_killed(1);
    response->set_connections_closed(1);
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "pause"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(
      result.out,
      "paused, nobody serves: 2 workers exited, 1 killed, 1 connection and 0 requests cut off\n");
}

TEST_F(Ctl, ResumeTellsWhatServes) {
  admin_.Answer([](const v1::ResumeRequest&, v1::ResumeResponse* response) {
    response->set_generation(3);
    response->add_workers();
    response->mutable_took()->set_seconds(2);
    response->add_warning("worker 0 is late");
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "resume"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "generation 3 serves: 1 worker ready in 2.0s\nwarning: worker 0 is late\n");
}

TEST_F(Ctl, SaysSoWhenTheMasterDoesNotKnowTheCommand) {
  admin_.Answer([](const v1::ReopenRequest&, v1::ReopenResponse*) {
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "reopen"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("does not know the command"));
}

TEST_F(Ctl, FailsWhenTheTimeoutIsOver) {
  std::promise<void> end;
  admin_.Answer([ended = end.get_future().share()](const v1::GetStatusRequest&, v1::Status*) {
    ended.wait();
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "--timeout", "50ms", "status"});
  end.set_value();
  EXPECT_EQ(result.code, 4);
  EXPECT_EQ(result.error, "ctl: no answer within 50ms\n");
}

TEST_F(Ctl, SaysThatTheOutcomeIsUnknownWhenTheTimeoutOfAnOrderIsOver) {
  std::promise<void> end;
  admin_.Answer([ended = end.get_future().share()](const v1::ReloadRequest&, v1::ReloadResponse*) {
    ended.wait();
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "--timeout", "50ms", "reload"});
  end.set_value();
  EXPECT_EQ(result.code, 4);
  StopServing();
  EXPECT_EQ(result.error, "ctl: no answer within 50ms; outcome unknown, ask ctl call " +
                              admin_.last_metadata("x-request-id") + "\n");
}

TEST_F(Ctl, GivesEachOrderAnIdOfItsOwn) {
  Serve();
  EXPECT_EQ(RunCtl({"--master", socket_, "reopen"}).code, 0);
  const std::string first = admin_.last_metadata("x-request-id");
  EXPECT_EQ(RunCtl({"--master", socket_, "reopen"}).code, 0);
  EXPECT_EQ(first.size(), 32u);
  EXPECT_NE(admin_.last_metadata("x-request-id"), first);
}

TEST_F(Ctl, TellsWhatBecameOfACall) {
  admin_.Answer([](const v1::GetCallRequest& request, v1::Call* call) {
    if (request.id() != "abc") return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such call");
    call->set_method("Reload");
    call->set_code("OK");
    return grpc::Status::OK;
  });
  Serve();
  EXPECT_THAT(RunCtl({"--master", socket_, "call", "abc"}).out, StartsWith("Reload by "));
  const Result unknown = RunCtl({"--master", socket_, "call", "abd"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_EQ(unknown.error, "ctl: no such call\n");
  EXPECT_EQ(RunCtl({"--master", socket_, "call"}).error, "ctl: ID is missing\nSee ctl --help.\n");
}

TEST_F(Ctl, TakesADeadlineOfTheMastersOwnForAnAnswer) {
  admin_.Answer([](const v1::ReopenRequest&, v1::ReopenResponse*) {
    return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "no answer within 5s from worker 1");
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "reopen"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.error, "ctl: no answer within 5s from worker 1\n");
}

TEST_F(Ctl, FailsWhenTheConnectionIsLostBeforeTheAnswer) {
  const ipc::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  std::thread accepter([&] { ::close(::accept(listener.get(), nullptr, nullptr)); });
  const Result result = RunCtl({"--master", socket_, "reload"});
  accepter.join();
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.error, AllOf(StartsWith("ctl: the connection was lost before the answer came"),
                                  HasSubstr("; outcome unknown, ask ctl call ")));
}

TEST_F(Ctl, FailsWhenItsOutputCannotBeWritten) {
  Serve();
  const ipc::UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const ipc::UniqueFd error(::memfd_create("error", MFD_CLOEXEC));
  const int code = Wait(Spawn({kCtl, "--master", socket_, "workers"}, {}, full.get(), error.get()));
  EXPECT_EQ(code, 1);
  EXPECT_THAT(Contents(error.get()), HasSubstr("No space left on device"));
}

// The master's process is a child: its end can be told from its answer.
class CtlAndMaster : public Ctl {
 protected:
  pid_t Start(std::vector<std::string> arguments) {
    int ready[2];
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const ipc::UniqueFd from(ready[0]);
    ipc::UniqueFd to(ready[1]);
    arguments.insert(arguments.begin(), kFakeMaster);
    const pid_t pid = Spawn(std::move(arguments), {}, to.get(), STDERR_FILENO);
    to.reset();
    char byte = 0;
    EXPECT_EQ(::read(from.get(), &byte, 1), 1);
    return pid;
  }
};

TEST_F(CtlAndMaster, QuitReturnsWhenTheMastersProcessIsGone) {
  const pid_t master = Start({socket_});
  const Result result = RunCtl({"--master", socket_, "quit"});
  EXPECT_EQ(::waitpid(master, nullptr, WNOHANG), master);
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(
      result.out,
      "the master has ended: 2 workers exited, 0 killed, 1 connection and 0 requests cut off\n");
}

TEST_F(CtlAndMaster, StopReturnsWhenTheMastersProcessIsGone) {
  const pid_t master = Start({socket_});
  const Result result = RunCtl({"--master", socket_, "stop"});
  EXPECT_EQ(::waitpid(master, nullptr, WNOHANG), master);
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(
      result.out,
      "the master has ended: 1 worker exited, 1 killed, 3 connections and 2 requests cut off\n");
}

TEST_F(CtlAndMaster, StopFailsWhenTheMasterStays) {
  const pid_t master = Start({socket_, "stays"});
  const Result result = RunCtl({"--master", socket_, "--timeout", "500ms", "stop"});
  ::kill(master, SIGKILL);
  Wait(master);
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.error, HasSubstr("has not ended within 500ms"));
}

TEST_F(Ctl, ShowsProgressOnATerminal) {
  std::promise<void> end;
  admin_.Answer([ended = end.get_future().share()](const v1::ReloadRequest&, v1::ReloadResponse*) {
    ended.wait();
    return grpc::Status::OK;
  });
  Serve();
  int terminal_fd = -1;
  int ctl_fd = -1;
  ASSERT_EQ(::openpty(&terminal_fd, &ctl_fd, nullptr, nullptr, nullptr), 0);
  const ipc::UniqueFd terminal(terminal_fd);
  ipc::UniqueFd ctls(ctl_fd);
  const ipc::UniqueFd out(::memfd_create("out", MFD_CLOEXEC));
  const pid_t pid = Spawn({kCtl, "--master", socket_, "reload"}, {}, out.get(), ctls.get());
  ctls.reset();

  std::string seen;
  char buffer[256];
  pollfd readable = {.fd = terminal.get(), .events = POLLIN, .revents = 0};
  while (seen.find("s\r") == std::string::npos && ::poll(&readable, 1, 10'000) == 1) {
    const ssize_t size = ::read(terminal.get(), buffer, sizeof(buffer));
    if (size <= 0) break;
    seen.append(buffer, size);
  }
  end.set_value();
  EXPECT_EQ(Wait(pid), 0);
  EXPECT_THAT(seen, HasSubstr("reloading… "));
}

TEST_F(Ctl, ShowsNoProgressInAFile) {
  std::promise<void> end;
  admin_.Answer([ended = end.get_future().share()](const v1::ReloadRequest&, v1::ReloadResponse*) {
    ended.wait();
    return grpc::Status::OK;
  });
  Serve();
  const Result result = RunCtl({"--master", socket_, "--timeout", "700ms", "reload"});
  end.set_value();
  EXPECT_THAT(result.error, Not(HasSubstr("reloading")));
}

}  // namespace
}  // namespace muster::ctl
