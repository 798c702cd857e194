#include "muster/worker/http/response/outbox.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker::http {
namespace {

using Outcome = Outbox::Outcome;

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    server_.reset(ends[0]);
    client_.reset(ends[1]);
  }

  static std::unique_ptr<FileTransfer> Transfer(const std::string& content) {
    std::string path = testing::TempDir() + "/outbox.XXXXXX";
    auto file = std::make_shared<OpenFile>();
    file->fd.reset(::mkostemp(path.data(), O_CLOEXEC));
    EXPECT_EQ(::unlink(path.c_str()), 0);
    EXPECT_EQ(::write(file->fd.get(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    std::vector<FileTransfer::Part> parts(1);
    parts[0].range = {0, content.size()};
    return std::make_unique<FileTransfer>(std::move(file), std::move(parts));
  }

  std::string Received() {
    std::string text;
    char bytes[65536];
    for (ssize_t n; (n = ::recv(client_.get(), bytes, sizeof(bytes), 0)) > 0;) {
      text.append(bytes, static_cast<std::size_t>(n));
    }
    return text;
  }

  ipc::UniqueFd server_;
  ipc::UniqueFd client_;
  Outbox outbox_;
};

TEST_F(OutboxTest, SendsItsBytesBeforeItsFile) {
  outbox_.SetTransfer(Transfer("file"));
  outbox_.Append("one");
  outbox_.Append("two");
  EXPECT_EQ(outbox_.Send(server_.get()), Outcome::kSent);
  EXPECT_EQ(Received(), "onetwofile");
}

TEST_F(OutboxTest, GoesOnWhereTheSocketWasFull) {
  std::string bytes;
  while (bytes.size() < 2'000'000) bytes += std::to_string(bytes.size());
  outbox_.Append(bytes);
  outbox_.SetTransfer(Transfer(bytes));
  std::string received;
  Outcome outcome;
  while ((outcome = outbox_.Send(server_.get())) == Outcome::kWaiting) received += Received();
  EXPECT_EQ(outcome, Outcome::kSent);
  received += Received();
  EXPECT_TRUE(received == bytes + bytes);
}

TEST_F(OutboxTest, TellsHowMuchWasSent) {
  outbox_.Append("head");
  outbox_.SetTransfer(Transfer("content"));
  EXPECT_EQ(outbox_.Send(server_.get()), Outcome::kSent);
  EXPECT_EQ(outbox_.TakeSentBytes(), 11u);
  EXPECT_EQ(outbox_.TakeSentBytes(), 0u);
}

TEST_F(OutboxTest, FailsWhenTheClientIsGone) {
  outbox_.Append("head");
  client_.reset();
  EXPECT_EQ(outbox_.Send(server_.get()), Outcome::kFailed);
}

}  // namespace
}  // namespace muster::worker::http
