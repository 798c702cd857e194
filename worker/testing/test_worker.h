#ifndef MUSTER_WORKER_TESTING_TEST_WORKER_H_
#define MUSTER_WORKER_TESTING_TEST_WORKER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "google/protobuf/message_lite.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker::testing {

// A worker process, seen from the master that a test plays. Its waits are bounded: what takes
// longer than some seconds aborts the test with a message. Killed at destruction if it still runs.
class TestWorker {
 public:
  // Starts `program` with a channel in descriptor 3; it ends when the test does, since the channel
  // does.
  explicit TestWorker(const std::string& program);
  ~TestWorker();
  TestWorker(const TestWorker&) = delete;
  TestWorker& operator=(const TestWorker&) = delete;

  pid_t pid() const { return process_.pid(); }
  const ipc::Channel& channel() const { return channel_; }

  // Returns the message's sequence number.
  std::uint32_t Send(Command command, const google::protobuf::MessageLite* payload = nullptr,
                     absl::Span<const int> fds = {}, std::uint16_t flags = 0);
  ipc::ReceivedMessage Receive();
  // Sends, and waits for the ACK. The error that it tells.
  std::string Ask(Command command, std::uint16_t flags = kWantsAck);
  // Closes the master's end.
  void CloseChannel();

  void Signal(int signal) { (void)process_.Send(signal); }
  // Returns when it is stopped.
  void Stop();
  // Waits for its end: "exited with code 0".
  std::string AwaitExit();

 private:
  TestWorker(ipc::Channel::Pair pair, const std::string& program);

  ipc::Channel channel_;
  ipc::PidFd process_;
  bool is_reaped_ = false;
  std::uint32_t sequence_ = 0;
};

}  // namespace muster::worker::testing

#endif  // MUSTER_WORKER_TESTING_TEST_WORKER_H_
