#include "muster/worker/testing/test_worker.h"

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/proto/worker.pb.h"

namespace muster::worker::testing {
namespace {

constexpr int kPatienceMilliseconds = 20'000;

template <typename Value>
Value Require(absl::StatusOr<Value> value) {
  MUSTER_CHECK(value.ok(), std::string(value.status().message()).c_str());
  return *std::move(value);
}

void AwaitReadable(int fd, const char* what) {
  pollfd ready = {fd, POLLIN, 0};
  MUSTER_CHECK(::poll(&ready, 1, kPatienceMilliseconds) == 1, what);
}

pid_t Spawn(const std::string& program, int channel_fd) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, channel_fd, kChannelFd);
  char* const argv[] = {const_cast<char*>(program.c_str()), nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, argv, ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  MUSTER_CHECK(error == 0, program.c_str());
  return pid;
}

}  // namespace

TestWorker::TestWorker(const std::string& program)
    : TestWorker(Require(ipc::Channel::CreatePair()), program) {}

TestWorker::TestWorker(ipc::Channel::Pair pair, const std::string& program)
    : channel_(std::move(pair.first)),
      process_(Require(ipc::PidFd::Open(Spawn(program, pair.second.fd())))) {}

TestWorker::~TestWorker() {
  if (is_reaped_) return;
  Signal(SIGKILL);
  (void)process_.Wait(ipc::PidFd::Reap::kYes);
}

std::uint32_t TestWorker::Send(Command command, const google::protobuf::MessageLite* payload,
                               absl::Span<const int> fds, std::uint16_t flags) {
  const std::string bytes = payload == nullptr ? "" : payload->SerializeAsString();
  ipc::Message message;
  message.command = ipc::CommandNumber(command);
  message.flags = flags;
  message.sequence = ++sequence_;
  message.payload = bytes;
  message.fds = fds;
  const auto outcome = channel_.Send(message);
  MUSTER_CHECK(outcome.ok() && *outcome == ipc::SendOutcome::kSent, "the worker takes a message");
  return sequence_;
}

ipc::ReceivedMessage TestWorker::Receive() {
  AwaitReadable(channel_.fd(), "the worker says something in time");
  ipc::ReceivedMessage message;
  const ipc::ReceiveOutcome outcome = Require(channel_.TryReceive(&message));
  MUSTER_CHECK(outcome == ipc::ReceiveOutcome::kReceived, "the worker says something");
  return message;
}

std::string TestWorker::Ask(Command command, std::uint16_t flags) {
  const std::uint32_t sequence = Send(command, nullptr, {}, flags);
  const ipc::ReceivedMessage message = Receive();
  v1::Ack ack;
  MUSTER_CHECK(message.command_as<Command>() == Command::kAck, "the answer is an ACK");
  MUSTER_CHECK(ack.ParseFromString(message.payload), "an ACK has its payload");
  MUSTER_CHECK(ack.sequence() == sequence, "the ACK is of what was sent");
  return ack.error();
}

void TestWorker::CloseChannel() { (void)std::move(channel_).Release(); }

void TestWorker::Stop() {
  Signal(SIGSTOP);
  siginfo_t info = {};
  MUSTER_CHECK(::waitid(P_PID, static_cast<id_t>(pid()), &info, WSTOPPED) == 0, "it stops");
}

std::string TestWorker::AwaitExit() {
  AwaitReadable(process_.fd(), "the worker ends in time");
  is_reaped_ = true;
  return Require(process_.Wait(ipc::PidFd::Reap::kYes)).ToString();
}

}  // namespace muster::worker::testing
