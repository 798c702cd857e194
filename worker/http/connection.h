#ifndef MUSTER_WORKER_HTTP_CONNECTION_H_
#define MUSTER_WORKER_HTTP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/handoff.pb.h"
#include "muster/worker/http/log/access_log.h"
#include "muster/worker/http/message/peer_address.h"
#include "muster/worker/http/message/request_body.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/http/reply.h"
#include "muster/worker/http/responder.h"
#include "muster/worker/http/response/answer.h"
#include "muster/worker/http/response/date_cache.h"
#include "muster/worker/http/response/outbox.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

class Connection;

// As config::v1::Http has them.
struct ConnectionSettings {
  loop::Clock::duration keepalive_timeout;
  loop::Clock::duration header_timeout;
  loop::Clock::duration body_timeout;
  std::uint32_t min_body_bytes_per_second = 0;
  loop::Clock::duration send_timeout;
  std::uint32_t keepalive_requests = 0;
  RequestParser::Limits limits;
  std::uint64_t max_body_bytes = 0;
};

// What all connections of one service share; it outlives them. The scratch belongs to the one
// whose turn it is, so that one that waits needs no buffers.
struct ConnectionShare {
  static constexpr std::size_t kInputBytes = 64 * 1024;

  Context& context;
  loop::EventLoop& loop;
  SlotStats& stats;
  Responder& responder;
  AccessLog* access_log;  // null: none
  const ConnectionSettings settings;
  DateCache date = {};
  // Set: a drain goes on.
  std::optional<Service::Idle> drain = {};
  Connection* first = nullptr;  // of the list of all connections

  std::unique_ptr<char[]> input = std::unique_ptr<char[]>(new char[kInputBytes]);
  std::string output = {};
  RequestParser parser = {};
};

// One client. Level-triggered: it reads what is there, answers all whole requests in that and
// sends the answers at once; it reads on only when all of them are sent. Owns itself: it is deleted
// when it is over, in OnEvents, in its timer, or by the service.
class Connection final : public loop::Handler {
 public:
  // Takes a connection over, and answers what came with it.
  static void Serve(ConnectionShare& share, worker::Connection accepted);
  ~Connection() override;

  void OnEvents(std::uint32_t events) override;

  // Goes on with a connection that another worker served.
  static void Resume(ConnectionShare& share, worker::Connection adopted,
                     const v1::HttpConnection& state);

  // A drain has begun. With kHandOff it leaves unless an answer is to be finished first. With
  // kClose it ends if it waits for a request of which nothing came yet; a request that was received
  // already is answered first.
  void OnDrain();

  Connection* next() const { return next_; }

 private:
  enum class Phase : std::uint8_t {
    kIdle,       // no byte of a request is here
    kHead,       // the head is not complete
    kBody,       // the head is, the body is not
    kSending,    // an answer waits for its handler, or for the client to take it
    kLingering,  // all is sent; what still comes is dropped
  };

  // What was read and is not answered.
  struct Unfinished {
    std::string bytes;  // from the request's first; of one in its body the head only
    RequestParser parser;
    RequestBody body;
    loop::TimePoint body_start;
    bool is_in_body = false;
    bool wants_body = false;  // what answers it does
    std::string content;      // if so
  };

  // A request that a handler has not answered.
  struct Awaiting {
    std::shared_ptr<AwaitedResponse> response;
    loop::TimePoint request_start;
    RequestHead request;
    std::string request_bytes;  // to which `request` refers
  };

  // What was answered and is not sent; and what the log wants of it when a file is over.
  struct Outgoing {
    Outbox outbox;
    int status = 0;
    std::uint64_t head_bytes = 0;
    loop::TimePoint request_start;
    RequestHead request;
    std::string request_bytes;  // to which `request` refers
  };

  Connection(ConnectionShare& share, worker::Connection accepted);

  // Where one of these returns false, the connection is over.
  bool Start();
  bool Advance(std::uint32_t events);
  bool Receive(bool is_half_closed);
  bool Continue(absl::string_view input);
  bool Send();
  bool Settle();
  loop::TimePoint BodyDeadline() const;
  bool Close();
  bool Linger();
  bool MayHandOff() const;
  void HandOff();
  bool Watch(std::uint32_t events);
  bool HandleTimeout();

  // Answers the requests in what was kept and `input`, and keeps the rest. True: it stopped
  // before the end, since the answers have to be sent first.
  bool Process(absl::string_view input);
  // False: a request in its body is not complete yet, or refused.
  bool FinishBody(std::unique_ptr<Unfinished>& kept, absl::string_view& input);
  void Keep(absl::string_view input, const RequestParser& parser, std::unique_ptr<Unfinished> kept);
  void Answer(const RequestHead& head, absl::string_view body, bool has_more_input);
  Persistence Decide(bool keep_alive, bool is_http_1_0, bool has_more_input) const;
  void Await(const RequestHead& head, std::shared_ptr<AwaitedResponse> response);
  void FinishAwaited();
  void OnResponse();
  void Refuse(int status, absl::string_view input);

  bool MayAnswer() const;
  bool HasUnreadInput() const;
  // What the log wants of any answer; of the request, whatever there is.
  AccessRecord RecordOf(int status, loop::TimePoint request_start) const;
  void LogTransfer();
  void Enter(Phase phase);

  ConnectionShare& share_;
  Connection* previous_ = nullptr;
  Connection* next_;
  ipc::UniqueFd fd_;
  std::uint32_t watched_events_ = 0;
  ConnectionLease lease_;
  loop::Timer timer_;
  std::unique_ptr<Unfinished> unfinished_;
  std::unique_ptr<Outgoing> outgoing_;
  std::unique_ptr<Awaiting> awaiting_;
  loop::TimePoint request_start_;  // when the first bytes came of the request at hand
  std::uint32_t requests_ = 0;
  PeerAddress peer_;
  Phase phase_ = Phase::kIdle;
  bool must_close_ = false;   // once all is sent
  bool must_linger_ = false;  // before that: the client may be sending
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_CONNECTION_H_
