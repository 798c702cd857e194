#include "muster/master/admin/connection/call_counter.h"

namespace muster::master {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

class CountAnswer final : public grpc::experimental::Interceptor {
 public:
  CountAnswer(const CountCall& count, const char* path) : count_(count), path_(path) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      count_(path_, batch->GetSendStatus().error_code());
    }
    batch->Proceed();
  }

 private:
  const CountCall& count_;  // of the server, which outlives its calls
  const char* const path_;
};

}  // namespace

grpc::experimental::Interceptor* CallCounter::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* call) {
  return new CountAnswer(count_, call->method());
}

}  // namespace muster::master
