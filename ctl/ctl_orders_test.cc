// Orders by the real binary, to a fake admin service over a real Unix socket.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <string>
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
using ::testing::StartsWith;

constexpr char kFakeMaster[] = "ctl/testing/fake_master";

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
  EXPECT_EQ(RunCtl({"--master", socket_, "call"}).error,
            "ctl: ID is missing\nSee ctl call --help.\n");
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

}  // namespace
}  // namespace muster::ctl
