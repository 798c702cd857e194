// The real binary against a fake admin service over a real Unix socket.

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <poll.h>
#include <pty.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>

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
