// A service over byte streams whose clients are slow: over reloads, and when it ends.

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWorker[] = "worker/testing/stream_worker";

std::string Config(const std::string& more = "") {
  return absl::StrCat(R"(
worker_processes: 1
listen { address: "unix:stream.sock" }
service {}
admin { listen: "unix:admin.sock" }
pid_file: "muster.pid"
log { path: "error.log" }
)",
                      more);
}

// Blocks, for at most kPatience a call.
class Client {
 public:
  explicit Client(const RunningMaster& muster) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, muster.path("stream.sock").c_str(),
                 sizeof(address.sun_path) - 1);
    const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }

  bool Send(const std::string& bytes) {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // At most so many; fewer if the connection ended, or no more came.
  std::string Receive(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t received = 0;
    while (received < size) {
      const ssize_t n = ::recv(fd_.get(), bytes.data() + received, size - received, 0);
      if (n <= 0) break;
      received += static_cast<std::size_t>(n);
    }
    bytes.resize(received);
    return bytes;
  }

 private:
  ipc::UniqueFd fd_;
};

TEST(StreamService, KeepsAClientOverAReloadThatHasMegabytesToTake) {
  constexpr std::size_t kMuch = 5'000'000;
  RunningMaster muster(Config(), kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  Client client(muster);
  ASSERT_TRUE(client.Send(absl::StrCat("big ", kMuch, "\nhalf")));
  std::string received = client.Receive(1000);
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  // The old worker has left, so what it had is in the new one's memory.
  ASSERT_TRUE(AwaitGeneration(muster, 2));
  received += client.Receive(kMuch + 1 - received.size());
  EXPECT_TRUE(received == std::string(kMuch, 'x') + "\n") << received.size();
  ASSERT_TRUE(client.Send(" a line\n"));
  EXPECT_EQ(client.Receive(12), "half a line\n");
  EXPECT_THAT(ReadFile(muster.path("error.log")), Not(HasSubstr("client")));
}

TEST(StreamService, AnswersWhatCameBehindALineThatIsAnsweredLater) {
  RunningMaster muster(Config(), kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  Client client(muster);
  ASSERT_TRUE(client.Send("slow\nfast\n"));
  EXPECT_EQ(client.Receive(10), "slow\nfast\n");
}

TEST(StreamService, DoesNotWaitForClientsThatDoNotReadWhenItEnds) {
  RunningMaster muster(Config("stream { close_timeout { nanos: 200000000 } }"), kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  Client client(muster);
  ASSERT_TRUE(client.Send("big 5000000\n"));
  ASSERT_EQ(client.Receive(1), "x");
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster.master().Wait(), 0);
  const std::string log = ReadFile(muster.path("error.log"));
  EXPECT_THAT(log, HasSubstr("a client is closed for close_timeout: it has not taken "));
  EXPECT_THAT(log, Not(HasSubstr("shutdown_timeout was reached")));
}

TEST(StreamService, HasTheBoundsOfItsConfiguration) {
  RunningMaster muster(Config("stream { max_unsent_bytes: 4096 }"), kWorker);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  Client client(muster);
  ASSERT_TRUE(client.Send("big 5000000\n"));
  EXPECT_LT(client.Receive(5000001).size(), 5000001u);
  EXPECT_THAT(ReadFile(muster.path("error.log")),
              HasSubstr("a client is closed for max_unsent_bytes: it has not taken "));
}

TEST(StreamService, HasMistakesInItsConfigurationToldWithTheirPlaces) {
  RunningMaster muster(
      Config("stream {\n  max_unread_bytes: 5\n  max_worker_unsent_bytes: 8000000\n}"), kWorker);
  const Finished test = muster.Master({"-t", "-c", muster.path("muster.textproto")});
  EXPECT_EQ(test.exit, 1);
  EXPECT_THAT(test.errors,
              HasSubstr("muster.textproto:9:21: stream.max_unread_bytes: is 5; must be "
                        "from 1024 to 16777216\n"));
  EXPECT_THAT(test.errors,
              HasSubstr("muster.textproto:10:28: stream.max_worker_unsent_bytes: is 8000000, less "
                        "than max_unsent_bytes, which is 8388608"));
}

}  // namespace
}  // namespace muster::tests
