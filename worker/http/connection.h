#ifndef MUSTER_WORKER_HTTP_CONNECTION_H_
#define MUSTER_WORKER_HTTP_CONNECTION_H_

#include <sys/epoll.h>

#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/worker/http/answer_queue.h"
#include "muster/worker/http/connection_phase.h"
#include "muster/worker/http/connection_share.h"
#include "muster/worker/http/handoff_state.h"
#include "muster/worker/http/input/partial_request.h"
#include "muster/worker/http/input/request_reader.h"
#include "muster/worker/http/intrusive_list.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// One client's connection: its socket, its registration in the loop, its timer, and its part in a
// drain. It passes input to a RequestReader, and the requests that this finds to its AnswerQueue.
// Level-triggered: it reads what the socket has, answers all complete requests and sends the
// responses at once. It reads more only when all responses are sent.
//
// A connection owns itself. It is deleted when it ends: in OnEvents, in its timer, when a handler
// answers, or by the service.
class Connection final : public loop::Handler, public IntrusiveList<Connection>::Node {
 public:
  // Takes over an accepted connection and answers the requests that are already there. The client's
  // time for its first request began with the accept.
  static void Serve(ConnectionShare& share, worker::Connection accepted);
  // Continues a connection that another worker has handed off.
  static void Resume(ConnectionShare& share, worker::Connection adopted, const HandoffState& state);
  ~Connection() override;

  void OnEvents(std::uint32_t events) override;

  // A drain has begun, or there is room again in other workers. With kHandOff the connection is
  // handed off, unless a request or a response has to be finished first or nobody has room. With
  // kClose it ends if no byte of a request has arrived; a request that has arrived is answered
  // first.
  void OnDrain();

 private:
  using Phase = ConnectionPhase;

  static constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDHUP;

  Connection(ConnectionShare& share, worker::Connection accepted, std::uint32_t requests,
             loop::TimePoint opened);

  // False: the connection has ended.
  bool Start();
  bool Advance(std::uint32_t events);
  bool Receive(bool is_half_closed);
  bool Continue(absl::string_view input);
  bool Send();
  void StopBodyClock();
  bool Settle();
  // Goes on in the phase, or begins it: only then the client gets more time.
  void Await(Phase phase, loop::TimePoint deadline);
  bool Close();
  bool Linger();
  bool Watch(std::uint32_t events);
  bool HandleTimeout();

  // Answers the requests in the kept input and `input`, and keeps the rest. True: complete requests
  // may be left, since the responses have to be sent first.
  bool Process(absl::string_view input);
  void Refuse(int status, absl::string_view bytes, loop::TimePoint start);
  // A handler has answered, in a round of its own.
  void OnResponse();
  // A handler has answered, or written a piece of its response: puts it into the output.
  void TakeFromHandler();
  // Waits for a handler's response, or for the body that it takes.
  bool AwaitHandler();
  // Whether the body that a handler takes is to be read.
  bool ReadsPieces() const;
  // Passes what the reader has of it to the handler.
  void GivePiece(RequestReader& reader);
  // Whether the client is to be asked for the body that it holds back.
  bool MustAskForPieces() const;
  // The body that a handler takes has failed. Whether its request is to be refused. False: its
  // response was begun, and the connection ends with that.
  bool MayRefusePieces();
  AnswerQueue::Following FollowingOf(bool has_more_input) const;

  absl::string_view unread() const;
  bool MayHandOff() const;
  void HandOff();
  // The connection goes to whoever has upgraded it.
  bool Leave();
  bool HasUnreadInput() const;
  void Enter(Phase phase);

  ConnectionShare& share_;
  ipc::UniqueFd fd_;
  std::uint32_t watched_events_ = 0;
  ConnectionLease lease_;
  loop::Timer timer_;
  loop::TimePoint deadline_;                 // of timer_ in kIdle and kHead
  std::unique_ptr<PartialRequest> partial_;  // null: all input was answered
  AnswerQueue answers_;
  Phase phase_ = Phase::kIdle;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_CONNECTION_H_
