#include "muster/master/admin/connection/newcomer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// A connection with both of its ends, and what became of it.
class NewcomerTest : public testing::Test {
 protected:
  NewcomerTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    client_.reset(ends[0]);
    newcomer_ = std::make_unique<Newcomer>(
        *loop_, *ClientSocket::Make(ipc::UniqueFd(ends[1])), Newcomer::Greeting::kHttp2,
        [this](Newcomer&, const absl::Status& result) { result_ = result; });
  }

  void Send(absl::string_view bytes) const {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // What came of it, in the end.
  absl::StatusCode Await() {
    EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return result_.has_value(); }));
    return result_->code();
  }
  // Does what can be done now.
  void Round() { EXPECT_TRUE(loop_->RunOnce(std::chrono::milliseconds(0)).ok()); }

  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  ipc::UniqueFd client_;
  std::optional<absl::Status> result_;
  std::unique_ptr<Newcomer> newcomer_;
};

TEST_F(NewcomerTest, IsReadyAtOnceWhenTheClientHasSpoken) {
  Send(kPreface + "more");
  newcomer_->Start();
  ASSERT_TRUE(result_.has_value());
  EXPECT_TRUE(result_->ok()) << *result_;
}

TEST_F(NewcomerTest, WaitsForBytesThatComeOneByOne) {
  newcomer_->Start();
  for (const char byte : kPreface) {
    Round();
    EXPECT_FALSE(result_.has_value());
    Send(absl::string_view(&byte, 1));
  }
  EXPECT_EQ(Await(), absl::StatusCode::kOk);
}

TEST_F(NewcomerTest, TakesNothingOfWhatHasCome) {
  Send(kPreface);
  newcomer_->Start();
  const ClientSocket socket = newcomer_->TakeSocket();
  std::string bytes(100, '\0');
  EXPECT_EQ(::recv(socket.grpc.get(), bytes.data(), bytes.size(), 0),
            static_cast<ssize_t>(kPreface.size()));
}

TEST_F(NewcomerTest, IsRefusedForOtherBytes) {
  newcomer_->Start();
  Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(Await(), absl::StatusCode::kInvalidArgument);
}

TEST_F(NewcomerTest, IsRefusedForHalfAHelloOfTls) {
  newcomer_->Start();
  Send(std::string("\x16\x03\x01", 3));
  EXPECT_EQ(Await(), absl::StatusCode::kInvalidArgument);
}

TEST_F(NewcomerTest, IsRefusedForWhatOnlyBeginsRightly) {
  Send(kPreface.substr(0, 10) + "?");
  newcomer_->Start();
  EXPECT_EQ(Await(), absl::StatusCode::kInvalidArgument);
}

// Whoever reads the bytes closes the descriptor, and may have to wait for that.
TEST_F(NewcomerTest, IsRefusedForADescriptorThatComesWithRightBytes) {
  newcomer_->Start();
  std::string bytes = kPreface + "more";
  iovec part = {bytes.data(), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = client_.get();
  std::memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
  ASSERT_EQ(::sendmsg(client_.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(Await(), absl::StatusCode::kPermissionDenied);
}

TEST_F(NewcomerTest, IsGoneWhenTheClientHangsUp) {
  newcomer_->Start();
  Round();
  client_.reset();
  EXPECT_EQ(Await(), absl::StatusCode::kCancelled);
}

TEST_F(NewcomerTest, DoesNotWakeTheLoopByBytesThatItHasSeen) {
  newcomer_->Start();
  Send(kPreface.substr(0, 3));
  Round();
  // Would return at once for a descriptor that is watched for its level.
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(loop_->RunOnce(std::chrono::milliseconds(50)).ok());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(40));
  EXPECT_FALSE(result_.has_value());
}

}  // namespace
}  // namespace muster::master
