#ifndef MUSTER_MASTER_ADMIN_ADMIN_CALLS_H_
#define MUSTER_MASTER_ADMIN_ADMIN_CALLS_H_

#include <functional>
#include <mutex>
#include <set>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/process/log.h"

namespace muster::master {

// Carries calls from gRPC's threads to the loop's thread, and their outcomes back. gRPC's threads
// wait for nothing, so any number of calls may be under way. A call that gRPC cancelled is still
// finished here. Thread-safe; destroyed after the gRPC server and in the loop's thread. `loop` and
// `log` outlive it.
class AdminCalls {
 public:
  AdminCalls(loop::EventLoop& loop, Log& log) : loop_(loop), log_(log) {}
  AdminCalls(const AdminCalls&) = delete;
  AdminCalls& operator=(const AdminCalls&) = delete;

  // A call that changes nothing. `fill` completes its response, in the loop's thread.
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, std::function<void()> fill);

  // A call that changes something: logs `name` and makes `change`. If the change succeeds, `fill`
  // completes the response. Both run in the loop's thread; `change` outlives the call.
  grpc::ServerUnaryReactor* Change(grpc::CallbackServerContext* context, absl::string_view name,
                                   const std::function<void(AdminOperations::Reply)>& change,
                                   std::function<void(const Outcome&)> fill);

  // Ends the calls under way and every later one with UNAVAILABLE.
  void Close();

 private:
  // Runs `work` for a new call in the loop's thread.
  grpc::ServerUnaryReactor* Begin(grpc::CallbackServerContext* context,
                                  std::function<void(grpc::ServerUnaryReactor*)> work);
  bool IsOpen(grpc::ServerUnaryReactor* call);
  // The call's request and response are gone after this.
  void Finish(grpc::ServerUnaryReactor* call, const grpc::Status& status);

  loop::EventLoop& loop_;
  Log& log_;
  std::mutex mutex_;
  bool is_closed_ = false;
  std::set<grpc::ServerUnaryReactor*> open_;  // begun, not finished
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_CALLS_H_
