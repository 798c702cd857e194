#ifndef MUSTER_MASTER_ADMIN_ADMIN_CALLS_H_
#define MUSTER_MASTER_ADMIN_ADMIN_CALLS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/connection/peer.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/process/log.h"

namespace muster::master {

// Carries the calls of one connection from gRPC's threads to the loop's thread, and their outcomes
// back. gRPC's threads wait for nothing, so any number of calls may be under way. Thread-safe.
// Destroyed in any thread, after the gRPC server, which waits for its calls. An outcome that comes
// after Close is dropped, also after the destruction. `loop` and `log` outlive it.
//
// A change is withdrawn when its caller cancels it or hangs up, and a moment before its deadline
// (answer_time.h), so that the caller learns what became of it.
class AdminCalls {
 public:
  // `operations` outlives it; `withdraw` of it is called in the loop's thread, and not after Close.
  // `peer`: who calls.
  AdminCalls(loop::EventLoop& loop, Log& log, const AdminOperations& operations, const Peer& peer)
      : loop_(loop),
        log_(log),
        operations_(operations),
        peer_(peer),
        open_(std::make_shared<Open>(operations.withdraw)) {}
  AdminCalls(const AdminCalls&) = delete;
  AdminCalls& operator=(const AdminCalls&) = delete;

  // A call that changes nothing. `fill` completes its response, in the loop's thread.
  grpc::ServerUnaryReactor* Read(std::function<void()> fill);

  // A call that changes nothing, and whose answer takes a while to find. `ask` begins that, in the
  // loop's thread. What it is given is called there, once.
  template <typename Response>
  grpc::ServerUnaryReactor* Ask(std::function<void(AdminOperations::Answer<Response>)> ask,
                                Response* response) {
    return Begin([open = open_, ask = std::move(ask), response](CallId id) {
      ask([open, id, response](absl::StatusOr<Response> answer) {
        if (!open->Has(id)) return;
        if (answer.ok()) *response = *std::move(answer);
        open->Answer(id, answer.status());
      });
    });
  }

  // A call that reads what may be read in any thread. `fill` completes its response now.
  grpc::ServerUnaryReactor* ReadNow(grpc::CallbackServerContext* context,
                                    absl::FunctionRef<void()> fill);

  // A call that changes something: logs `name` and gives `order`. If the change succeeds, `fill`
  // completes the response. Both run in the loop's thread, and not after Close. The call is
  // audited, whatever becomes of it and of this object: its method is named as `request`, its id is
  // that of the client (call_id.h) or is made.
  grpc::ServerUnaryReactor* Change(grpc::CallbackServerContext* context, absl::string_view name,
                                   const google::protobuf::Message& request,
                                   AdminOperations::Order order,
                                   std::function<void(const Outcome&)> fill);

  // Who calls: "uid 1000 (pid 4711)".
  std::string CallerName(grpc::CallbackServerContext* context) const;

  // Withdraws the changes under way: their caller hung up. In the loop's thread.
  void HangUp() { open_->WithdrawAll("its caller hung up"); }

  // Ends the calls under way and every later one with UNAVAILABLE. In the loop's thread.
  void Close();

  // Whether a call is under way.
  bool IsBusy() const { return open_->IsBusy(); }
  // When the last one began or was answered; else when this began.
  loop::TimePoint last_used() const { return open_->last_used(); }

 private:
  using CallId = std::uint64_t;

  // The calls that were begun and not finished. gRPC may give the memory of a finished call to a
  // later one, so that an outcome that is late must not find it by its address.
  class Open {
   public:
    explicit Open(AdminOperations::Withdraw withdraw) : withdraw_(std::move(withdraw)) {}

    // Nothing if they are closed; the call is finished then.
    std::optional<CallId> Add(grpc::ServerUnaryReactor* call);
    // Whether a call may begin: they are not closed.
    bool NoteUse();
    bool Has(CallId id) const;
    bool IsBusy() const;
    loop::TimePoint last_used() const;
    // The call's request and response are gone after this. Does nothing if it is finished.
    void Finish(CallId id, const grpc::Status& status);
    void Answer(CallId id, const absl::Status& status);
    void Close();

    // In the loop's thread:

    // The call waits for this request. `deadline` withdraws it. Does nothing if it is finished.
    void Await(CallId id, absl::string_view name, RequestId request,
               std::unique_ptr<loop::Timer> deadline);
    // Finishes the call, which waits no longer. Does nothing if it is finished or changes nothing.
    void Withdraw(CallId id, const std::string& why);
    void WithdrawAll(const std::string& why);

   private:
    struct Call {
      grpc::ServerUnaryReactor* reactor = nullptr;
      std::string name{};
      RequestId request = 0;  // zero: it changes nothing
      std::unique_ptr<loop::Timer> deadline{};
    };

    const AdminOperations::Withdraw withdraw_;
    mutable std::mutex mutex_;
    bool is_closed_ = false;
    CallId last_ = 0;
    loop::TimePoint last_used_ = loop::Clock::now();
    std::map<CallId, Call> calls_;
  };

  // Runs `work` for a new call in the loop's thread, unless it is finished by then.
  grpc::ServerUnaryReactor* Begin(std::function<void(CallId)> work);

  loop::EventLoop& loop_;
  Log& log_;
  const AdminOperations& operations_;
  const Peer peer_;
  const std::shared_ptr<Open> open_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_CALLS_H_
