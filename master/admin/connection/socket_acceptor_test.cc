#include "muster/master/admin/connection/socket_acceptor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

// A listener at an address of the kernel's choice, whose connections are collected.
class SocketAcceptorTest : public testing::Test {
 protected:
  SocketAcceptorTest() {
    listener_ = Listen();
    EXPECT_TRUE(acceptor_.Listen(listener_.get()).ok());
  }

  static ipc::UniqueFd Listen() {
    ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_un any = {.sun_family = AF_UNIX, .sun_path = {}};
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(sa_family_t)), 0);
    EXPECT_EQ(::listen(fd.get(), 64), 0);
    return fd;
  }
  static ipc::UniqueFd Connect(const ipc::UniqueFd& listener) {
    sockaddr_un address = {};
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    return fd;
  }

  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  Log log_;
  std::vector<ipc::UniqueFd> accepted_;
  ipc::UniqueFd listener_;
  SocketAcceptor acceptor_{*loop_, log_, [this](SocketAcceptor&, ipc::UniqueFd fd) {
                             accepted_.push_back(std::move(fd));
                           }};
};

TEST_F(SocketAcceptorTest, GivesWhatItAccepts) {
  const ipc::UniqueFd client = Connect(listener_);
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] { return !accepted_.empty(); }));
  EXPECT_NE(::fcntl(accepted_[0].get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(accepted_[0].get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(SocketAcceptorTest, LeavesTheOthersTheirTurnAfterSome) {
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < SocketAcceptor::kMostPerRound + 1; ++i) clients.push_back(Connect(listener_));
  ASSERT_TRUE(loop_->RunOnce().ok());
  EXPECT_EQ(accepted_.size(), static_cast<std::size_t>(SocketAcceptor::kMostPerRound));
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return accepted_.size() == clients.size(); }));
}

TEST_F(SocketAcceptorTest, LeavesConnectionsInTheQueueWhileItIsPaused) {
  acceptor_.SetPaused(true);
  const ipc::UniqueFd client = Connect(listener_);
  ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(0)).ok());
  EXPECT_TRUE(accepted_.empty());
  acceptor_.SetPaused(false);
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return !accepted_.empty(); }));
}

TEST_F(SocketAcceptorTest, GoesOnAfterAMomentWithoutDescriptors) {
  const ipc::UniqueFd client = Connect(listener_);
  rlimit usual = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit none = {.rlim_cur = 0, .rlim_max = usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_TRUE(loop_->RunOnce().ok());
  EXPECT_TRUE(accepted_.empty());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return !accepted_.empty(); }));
}

// A loop that is woken at once by what it cannot take would use a whole processor.
TEST_F(SocketAcceptorTest, SleepsWhileThereAreNoDescriptors) {
  const ipc::UniqueFd client = Connect(listener_);
  acceptor_.PauseForWant(absl::ResourceExhaustedError("none"));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(loop_->RunOnce().ok());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, SocketAcceptor::kPause / 2);
}

TEST_F(SocketAcceptorTest, ChangesItsListener) {
  const ipc::UniqueFd first = std::exchange(listener_, Listen());
  ASSERT_TRUE(acceptor_.Listen(listener_.get()).ok());
  const ipc::UniqueFd client = Connect(listener_);
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return !accepted_.empty(); }));
}

}  // namespace
}  // namespace muster::master
