#ifndef MUSTER_WORKER_TESTKIT_FAKE_STREAM_H_
#define MUSTER_WORKER_TESTKIT_FAKE_STREAM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/testkit/fake_context.h"

namespace muster::worker::testkit {

// One client of a service, without a network: what the client sends, takes and does not take. The
// session behind it has a real worker::Stream. No call waits. Each call runs all that can run in
// the worker (FakeContext::RunReady), so that what follows from it has happened when it returns.
//
//   FakeContext context;
//   auto service = MakeEcho(context);
//   FakeStream client(context, **service);
//   client.Send("hello\n");
//   EXPECT_EQ(client.Receive(), "hello\n");
//
// The context and the service that it is with outlive its calls. It may be destroyed after them.
class FakeStream {
 public:
  // Connects. `origin` is what the session sees of the client.
  FakeStream(FakeContext& context, Service& service, Origin origin = {});
  FakeStream(const FakeStream&) = delete;
  FakeStream& operator=(const FakeStream&) = delete;

  // Any number of bytes: those for which the service has no room yet follow in later calls.
  void Send(absl::string_view bytes);
  // The client has sent everything. It still receives.
  void EndInput();
  // The client is gone, without reading what is left.
  void Leave();

  // All output, also what the session writes once this is taken (Session::OnWritable). Output that
  // no call takes is not taken by the client: the kernel has some 64 KiB of it, and the rest is
  // unsent. Ends the test program if the session never stops writing: after 1 GiB.
  std::string Receive();
  // The next output, at most so many bytes.
  std::string ReceiveSome(std::size_t most_bytes);
  // Whether the service has ended the output or closed the client, and nothing is left to be
  // received.
  bool has_ended();

  // What Session::Suspend returned, if the worker has drained (FakeContext::Drain) and the client
  // has left it. Nothing: it is still there, since it is busy, or has ended. Of a StreamService.
  std::optional<std::string> suspended() const;
  // Takes the client to a worker, after it was suspended: the same one, if nobody else took it, or
  // another one. `service` outlives the calls that follow. FailedPrecondition: it was not
  // suspended. Other errors are the service's, which has closed the client.
  absl::Status Resume(FakeContext& context, Service& service);
  // The same with the state of another session, as if Session::Suspend had returned it: of another
  // version of the program, or of a broken one. Of a StreamService.
  absl::Status ResumeFrom(std::string session_state, FakeContext& context, Service& service);

 private:
  // Runs the worker while the client has bytes that it can send.
  void Run();
  bool SendSome();
  // False: nothing is there.
  bool ReceiveOnce(std::size_t most_bytes);
  // Whether the service, or whoever has taken the connection from it, still has it.
  bool is_open() const;
  // Of this client, if the service has handed it off.
  std::optional<FakeContext::HandedOff> TakeHandedOff();
  absl::Status Adopt(FakeContext::HandedOff handed_off, FakeContext& context, Service& service);

  FakeContext* context_;
  ipc::UniqueFd client_;
  int service_fd_;  // the service's, which may close it
  // Of the socket behind it: another one that has its number later is not this client's.
  std::uint64_t service_cookie_;
  std::string unsent_;
  std::string received_;
  bool is_input_ending_ = false;
  bool has_ended_ = false;
};

}  // namespace muster::worker::testkit

#endif  // MUSTER_WORKER_TESTKIT_FAKE_STREAM_H_
