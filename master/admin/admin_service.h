#ifndef MUSTER_MASTER_ADMIN_ADMIN_SERVICE_H_
#define MUSTER_MASTER_ADMIN_ADMIN_SERVICE_H_

#include <atomic>
#include <utility>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/access_gate.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/connection/call_interceptor.h"
#include "muster/master/admin/connection/peer.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/admin/watch/watches.h"
#include "muster/master/process/log.h"
#include "muster/proto/admin.grpc.pb.h"

namespace muster::master {

// muster.admin.v1.Admin for one connection: leads each method to the file that answers it. Called
// in gRPC's threads. `loop`, `operations`, `log`, `watches` and `gate`, which says who may call
// what, outlive it, and the gRPC server does not.
class AdminService final : public admin::v1::Admin::WithRawCallbackMethod_GetStatus<
                               admin::v1::Admin::WithRawCallbackMethod_ListWorkers<
                                   admin::v1::Admin::WithRawCallbackMethod_GetStats<
                                       admin::v1::Admin::WithRawCallbackMethod_WatchEvents<
                                           admin::v1::Admin::WithRawCallbackMethod_WatchStatus<
                                               admin::v1::Admin::CallbackService>>>>> {
 public:
  // `peer`: who is at the other end. That every call of this service is his is what the connection
  // has a server of its own for. `count_call` is told of those that account for themselves; null:
  // nobody counts.
  AdminService(loop::EventLoop& loop, const AdminOperations& operations, Log& log, AccessGate& gate,
               Watches& watches, const Peer& peer, CountCall count_call)
      : operations_(operations),
        gate_(gate),
        watches_(watches),
        peer_(peer),
        count_call_(std::move(count_call)),
        calls_(loop, log, operations, peer) {}

  // Whether calls of this path count themselves, and give their places back: streams, whose
  // messages an interceptor would make dearer.
  static bool AccountsForItself(absl::string_view path);

  // Withdraws the changes under way: their caller hung up. In the loop's thread.
  void HangUp() { calls_.HangUp(); }
  // Ends the calls under way and every later one with UNAVAILABLE. In the loop's thread.
  void Close() { calls_.Close(); }
  // Whether a call is under way. Thread-safe.
  bool IsBusy() const { return calls_.IsBusy() || watching_.load(std::memory_order_relaxed) > 0; }
  // When the last call began or was answered; else when this began. Thread-safe.
  loop::TimePoint last_used() const { return calls_.last_used(); }

  // Serialised by us: see status_methods.h.
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListWorkers(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetConfig(grpc::CallbackServerContext* context,
                                      const admin::v1::GetConfigRequest* request,
                                      admin::v1::ActiveConfig* response) override;
  grpc::ServerUnaryReactor* ListZones(grpc::CallbackServerContext* context,
                                      const admin::v1::ListZonesRequest* request,
                                      admin::v1::ListZonesResponse* response) override;
  grpc::ServerUnaryReactor* ListLocks(grpc::CallbackServerContext* context,
                                      const admin::v1::ListLocksRequest* request,
                                      admin::v1::ListLocksResponse* response) override;
  grpc::ServerUnaryReactor* CheckConfig(grpc::CallbackServerContext* context,
                                        const admin::v1::CheckConfigRequest* request,
                                        admin::v1::ConfigCheck* response) override;
  grpc::ServerUnaryReactor* CheckConfigText(grpc::CallbackServerContext* context,
                                            const admin::v1::CheckConfigTextRequest* request,
                                            admin::v1::ConfigCheck* response) override;
  // Many calls are sent the same message, which is serialised once.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEvents(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchStatus(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* GetCall(grpc::CallbackServerContext* context,
                                    const admin::v1::GetCallRequest* request,
                                    admin::v1::Call* response) override;
  grpc::ServerUnaryReactor* ListCalls(grpc::CallbackServerContext* context,
                                      const admin::v1::ListCallsRequest* request,
                                      admin::v1::ListCallsResponse* response) override;
  grpc::ServerUnaryReactor* Reload(grpc::CallbackServerContext* context,
                                   const admin::v1::ReloadRequest* request,
                                   admin::v1::ReloadResponse* response) override;
  grpc::ServerUnaryReactor* ReloadConfigText(grpc::CallbackServerContext* context,
                                             const admin::v1::ReloadConfigTextRequest* request,
                                             admin::v1::ReloadResponse* response) override;
  grpc::ServerUnaryReactor* ListGenerations(grpc::CallbackServerContext* context,
                                            const admin::v1::ListGenerationsRequest* request,
                                            admin::v1::ListGenerationsResponse* response) override;
  grpc::ServerUnaryReactor* Rollback(grpc::CallbackServerContext* context,
                                     const admin::v1::RollbackRequest* request,
                                     admin::v1::ReloadResponse* response) override;
  grpc::ServerUnaryReactor* Restart(grpc::CallbackServerContext* context,
                                    const admin::v1::RestartRequest* request,
                                    admin::v1::RestartResponse* response) override;
  grpc::ServerUnaryReactor* ChangeWorker(grpc::CallbackServerContext* context,
                                         const admin::v1::ChangeWorkerRequest* request,
                                         admin::v1::ChangeWorkerResponse* response) override;
  grpc::ServerUnaryReactor* Scale(grpc::CallbackServerContext* context,
                                  const admin::v1::ScaleRequest* request,
                                  admin::v1::ScaleResponse* response) override;
  grpc::ServerUnaryReactor* Upgrade(grpc::CallbackServerContext* context,
                                    const admin::v1::UpgradeRequest* request,
                                    admin::v1::UpgradeResponse* response) override;
  grpc::ServerUnaryReactor* UndoUpgrade(grpc::CallbackServerContext* context,
                                        const admin::v1::UndoUpgradeRequest* request,
                                        admin::v1::UpgradeResponse* response) override;
  grpc::ServerUnaryReactor* CommitUpgrade(grpc::CallbackServerContext* context,
                                          const admin::v1::CommitUpgradeRequest* request,
                                          admin::v1::UpgradeResponse* response) override;
  grpc::ServerUnaryReactor* SetLogLevel(grpc::CallbackServerContext* context,
                                        const admin::v1::SetLogLevelRequest* request,
                                        admin::v1::SetLogLevelResponse* response) override;
  grpc::ServerUnaryReactor* Reopen(grpc::CallbackServerContext* context,
                                   const admin::v1::ReopenRequest* request,
                                   admin::v1::ReopenResponse* response) override;
  grpc::ServerUnaryReactor* Pause(grpc::CallbackServerContext* context,
                                  const admin::v1::PauseRequest* request,
                                  admin::v1::PauseResponse* response) override;
  grpc::ServerUnaryReactor* Resume(grpc::CallbackServerContext* context,
                                   const admin::v1::ResumeRequest* request,
                                   admin::v1::ResumeResponse* response) override;
  grpc::ServerUnaryReactor* Quit(grpc::CallbackServerContext* context,
                                 const admin::v1::QuitRequest* request,
                                 admin::v1::QuitResponse* response) override;
  grpc::ServerUnaryReactor* Stop(grpc::CallbackServerContext* context,
                                 const admin::v1::StopRequest* request,
                                 admin::v1::StopResponse* response) override;

 private:
  template <typename Request>
  grpc::ServerUnaryReactor* AnswerPart(grpc::CallbackServerContext* context,
                                       absl::string_view method, StatusPart part,
                                       const grpc::ByteBuffer& request, grpc::ByteBuffer* response);
  // Answers a call that the caller may not make. Null: he may.
  grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, absl::string_view method,
                                   const google::protobuf::Message& request);
  // Whether he may, and whether the id that he chose for the call is fit for it; he gets it back.
  grpc::Status Check(grpc::CallbackServerContext* context, absl::string_view method,
                     const google::protobuf::Message* request);

  // Has the stream of this call ended when its caller may not have it any more. To be used before
  // the method returns.
  Watches::Follow FollowerOf(grpc::CallbackServerContext* context, absl::string_view method);
  // Called when that stream is over.
  Watches::Ended AccountOf(const grpc::CallbackServerContext* context, absl::string_view method);

  const AdminOperations& operations_;
  AccessGate& gate_;
  Watches& watches_;
  const Peer peer_;
  const CountCall count_call_;
  AdminCalls calls_;
  std::atomic<int> watching_ = 0;  // a count for its own sake: it orders nothing
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_SERVICE_H_
