#include "muster/master/admin/connection/call_interceptor.h"

#include "muster/master/admin/connection/status_bound.h"

namespace muster::master {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using Type = grpc::experimental::ServerRpcInfo::Type;

// Lives as long as the context of its call.
class OneCall final : public grpc::experimental::Interceptor {
 public:
  OneCall(const CallInterceptor::Terms& terms, grpc::experimental::ServerRpcInfo* call)
      : terms_(terms),
        path_(call->method()),
        context_(call->server_context()),
        takes_one_(call->type() == Type::UNARY || call->type() == Type::SERVER_STREAMING) {}
  ~OneCall() override { terms_.end(context_); }

  void Intercept(InterceptorBatchMethods* batch) override {
    if (takes_one_ &&
        batch->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      is_unreadable_ = batch->GetRecvMessage() == nullptr;
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = is_unreadable_ ? terms_.unreadable : batch->GetSendStatus();
      if (is_unreadable_ || SentBytes(status) > kMostStatusBytes) {
        batch->ModifySendStatus(BoundStatus(status));
      }
      if (terms_.count) terms_.count(path_, status.error_code());
    }
    batch->Proceed();
  }

 private:
  const CallInterceptor::Terms& terms_;  // of the server, which outlives its calls
  const char* const path_;
  const grpc::ServerContextBase* const context_;
  const bool takes_one_;  // request
  bool is_unreadable_ = false;
};

}  // namespace

grpc::experimental::Interceptor* CallInterceptor::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* call) {
  if (terms_.leaves_alone && terms_.leaves_alone(call->method())) return nullptr;
  return new OneCall(terms_, call);
}

}  // namespace muster::master
