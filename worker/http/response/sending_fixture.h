#ifndef MUSTER_WORKER_HTTP_RESPONSE_SENDING_FIXTURE_H_
#define MUSTER_WORKER_HTTP_RESPONSE_SENDING_FIXTURE_H_

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/http/response/open_file.h"

namespace muster::worker::http {

// A client's connection, both ends of it, and files to send, for tests.
class SendingTest : public testing::Test {
 protected:
  SendingTest() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    server_.reset(ends[0]);
    client_.reset(ends[1]);
  }

  static std::shared_ptr<const OpenFile> File(const std::string& content) {
    std::string path = testing::TempDir() + "/sending.XXXXXX";
    auto file = std::make_shared<OpenFile>();
    file->fd.reset(::mkostemp(path.data(), O_CLOEXEC));
    EXPECT_EQ(::unlink(path.c_str()), 0);
    EXPECT_EQ(::write(file->fd.get(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    file->size_bytes = content.size();
    return file;
  }

  // What has arrived at the client.
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
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_SENDING_FIXTURE_H_
