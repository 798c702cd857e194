// A gRPC server that does nothing but write: to each stream of WatchEvents, once a second, a
// message of as many bytes as the argument says, made once. What the master's streams are compared
// with.
//   bare_writer ADDRESS BYTES

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "grpcpp/grpcpp.h"
#include "muster/proto/admin.grpc.pb.h"

namespace {

using muster::admin::v1::Admin;

class Service;

class Stream : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Stream(Service& service);
  void Write(const grpc::ByteBuffer& bytes) {
    if (is_writing_) return;
    is_writing_ = true;
    bytes_ = bytes;
    StartWrite(&bytes_);
  }

 private:
  void OnWriteDone(bool is_written) override;
  void OnDone() override;

  Service& service_;
  grpc::ByteBuffer bytes_;
  bool is_writing_ = false;
};

class Service : public Admin::WithRawCallbackMethod_WatchEvents<Admin::Service> {
 public:
  explicit Service(std::size_t size) {
    muster::admin::v1::WatchEventsResponse response;
    muster::admin::v1::Event* event = response.add_events();
    const std::size_t rest = response.ByteSizeLong();
    event->set_text(std::string(size > rest ? size - rest : 0, 'x'));
    const std::string bytes = response.SerializeAsString();
    const grpc::Slice slice(bytes);
    bytes_ = grpc::ByteBuffer(&slice, 1);
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEvents(grpc::CallbackServerContext*,
                                                          const grpc::ByteBuffer*) override {
    return new Stream(*this);
  }
  void Add(Stream* stream) {
    const std::lock_guard lock(mutex_);
    streams_.insert(stream);
    stream->Write(bytes_);
  }
  void Remove(Stream* stream) {
    const std::lock_guard lock(mutex_);
    streams_.erase(stream);
  }
  void WriteAll() {
    const std::lock_guard lock(mutex_);
    for (Stream* stream : streams_) stream->Write(bytes_);
  }
  std::mutex& mutex() { return mutex_; }

 private:
  grpc::ByteBuffer bytes_;
  std::mutex mutex_;
  std::set<Stream*> streams_;
};

Stream::Stream(Service& service) : service_(service) { service_.Add(this); }

void Stream::OnWriteDone(bool is_written) {
  {
    const std::lock_guard lock(service_.mutex());
    is_writing_ = false;
  }
  if (!is_written) {
    service_.Remove(this);
    Finish(grpc::Status::CANCELLED);
  }
}

void Stream::OnDone() {
  service_.Remove(this);
  delete this;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: bare_writer ADDRESS BYTES\n";
    return 2;
  }
  Service service(static_cast<std::size_t>(std::atoi(argv[2])));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << "serving" << std::endl;
  auto next = std::chrono::steady_clock::now();
  while (true) {
    next += std::chrono::seconds(1);
    std::this_thread::sleep_until(next);
    service.WriteAll();
  }
}
