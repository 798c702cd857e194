#include "muster/ctl/testing/fake_admin.h"

#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <chrono>

#include "muster/ipc/base/check.h"

namespace muster::ctl {

struct FakeAdmin::Call {
  // Waits for the operation that was begun. False: it failed, as after the caller has gone.
  bool Wait() {
    void* tag = nullptr;
    bool is_ok = false;
    return completions.Next(&tag, &is_ok) && is_ok;
  }

  grpc::CompletionQueue completions;
  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream{&context};
};

void FakeAdmin::ServeUnix(const std::string& path) {
  Serve("unix:" + path, grpc::InsecureServerCredentials());
}

int FakeAdmin::ServeLoopback(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  return Serve("127.0.0.1:0", credentials);
}

int FakeAdmin::Serve(const std::string& address,
                     const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, credentials, &port);
  service_ = std::make_unique<grpc::AsyncGenericService>();
  builder.RegisterAsyncGenericService(service_.get());
  accepted_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  MUSTER_CHECK(server_ != nullptr, address.c_str());
  accepter_ = std::thread(&FakeAdmin::Accept, this);
  return port;
}

void FakeAdmin::Stop() {
  if (!server_) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  server_->Shutdown(std::chrono::system_clock::now());
  accepted_->Shutdown();
  accepter_.join();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  server_.reset();
  is_stopping_ = false;
}

std::string FakeAdmin::last_metadata(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = metadata_.find(key);
  return found == metadata_.end() ? "" : found->second;
}

void FakeAdmin::Remember(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  const std::lock_guard lock(mutex_);
  metadata_.clear();
  for (const auto& [key, value] : metadata) {
    metadata_.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
}

void FakeAdmin::Accept() {
  while (true) {
    auto call = std::make_unique<Call>();
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) break;
      service_->RequestCall(&call->context, &call->stream, &call->completions, accepted_.get(),
                            call.get());
    }
    void* tag = nullptr;
    bool is_ok = false;
    if (!accepted_->Next(&tag, &is_ok) || !is_ok) break;
    Remember(call->context.client_metadata());
    threads_.emplace_back([this, call = std::move(call)] { Handle(*call); });
  }
  void* tag = nullptr;
  bool is_ok = false;
  while (accepted_->Next(&tag, &is_ok)) {
  }
}

void FakeAdmin::Handle(Call& call) {
  grpc::ByteBuffer request;
  call.stream.Read(&request, nullptr);
  if (!call.Wait()) return;
  const Write write = [&call](const std::string& message) {
    const grpc::Slice slice(message);
    call.stream.Write(grpc::ByteBuffer(&slice, 1), nullptr);
    return call.Wait();
  };
  const auto handler =
      handlers_.find(call.context.method().substr(call.context.method().rfind('/') + 1));
  grpc::Status status;
  if (handler == handlers_.end()) {
    write("");
  } else {
    grpc::Slice bytes;
    request.DumpToSingleSlice(&bytes);
    status = handler->second(std::string(bytes.begin(), bytes.end()), write);
  }
  call.stream.Finish(status, nullptr);
  call.Wait();
}

}  // namespace muster::ctl
