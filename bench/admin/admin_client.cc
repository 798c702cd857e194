// The clients of `tools/bench admin`.
//   admin_client trips ADDRESS ROUNDS CALLS
//     round trips of each method, in turn, and of two also without reading the message that
//     arrives. Prints microseconds as JSON.
//   admin_client empty ADDRESS
//     one empty call, for the time of a whole process.
//   admin_client watch ADDRESS CONNECTIONS STREAMS
//     streams of events on each connection, with an interval of a second. Prints "watching" when
//     all have their first message, and the number of further messages and of their bytes when
//     standard input ends.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "muster/proto/admin.grpc.pb.h"
#include "muster/proto/health.grpc.pb.h"

namespace {

using muster::admin::v1::Admin;
using Clock = std::chrono::steady_clock;

// A channel with a connection of its own.
std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

void Expect(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << status.error_message() << "\n";
  std::exit(1);
}

class Trips {
 public:
  explicit Trips(const std::string& address)
      : channel_(Connect(address)),
        admin_(Admin::NewStub(channel_)),
        health_(grpc::health::v1::Health::NewStub(channel_)),
        bytes_(channel_) {}

  int Run(int rounds, int calls) {
    const std::vector<std::pair<std::string, std::function<void()>>> methods = {
        {"Health/Check", [&] { Check(); }},
        {"GetStatus", [&] { Call<muster::admin::v1::Status>(&Admin::Stub::GetStatus, {}); }},
        {"Health/Check, unread", [&] { CallForBytes("/grpc.health.v1.Health/Check"); }},
        {"GetStatus, unread", [&] { CallForBytes("/muster.admin.v1.Admin/GetStatus"); }},
        {"ListWorkers",
         [&] { Call<muster::admin::v1::ListWorkersResponse>(&Admin::Stub::ListWorkers, {}); }},
        {"GetStats", [&] { Call<muster::admin::v1::Stats>(&Admin::Stub::GetStats, {}); }},
    };
    for (const auto& [name, call] : methods) call();
    std::map<std::string, std::vector<double>> times;
    for (int round = 0; round < rounds; ++round) {
      for (const auto& [name, call] : methods) {
        const Clock::time_point began = Clock::now();
        for (int i = 0; i < calls; ++i) call();
        times[name].push_back(
            std::chrono::duration<double, std::micro>(Clock::now() - began).count() / calls);
      }
    }
    const char* comma = "{";
    for (const auto& [name, call] : methods) {
      std::cout << comma << "\"" << name << "\":[";
      const char* between = "";
      for (const double time : times[name]) {
        std::cout << between << time;
        between = ",";
      }
      std::cout << "]";
      comma = ",";
    }
    std::cout << "}\n";
    return 0;
  }

  void Check() {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckResponse response;
    Expect(health_->Check(&context, {}, &response));
  }

 private:
  template <typename Response, typename Request>
  void Call(grpc::Status (Admin::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
            const Request& request) {
    grpc::ClientContext context;
    Response response;
    Expect((*admin_.*method)(&context, request, &response));
  }

  // With an empty request. The thread waits for the answer as a call of a stub does.
  void CallForBytes(const std::string& method) {
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const grpc::Slice nothing;
    const grpc::ByteBuffer request(&nothing, 1);
    const auto call = bytes_.PrepareUnaryCall(&context, method, request, &queue);
    grpc::ByteBuffer response;
    grpc::Status status;
    call->StartCall();
    call->Finish(&response, &status, this);
    void* tag = nullptr;
    bool is_ok = false;
    queue.Next(&tag, &is_ok);
    Expect(status);
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Admin::Stub> admin_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
  grpc::GenericStub bytes_;
};

struct Count {
  std::atomic<int> began = 0;
  std::atomic<int> messages = 0;
  std::atomic<std::size_t> bytes = 0;
};

// One stream of events, which is only counted.
class Watch : public grpc::ClientReadReactor<muster::admin::v1::WatchEventsResponse> {
 public:
  Watch(Admin::Stub& stub, Count& count) : count_(count) {
    request_.mutable_interval()->set_seconds(1);
    stub.async()->WatchEvents(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }

 private:
  void OnReadDone(bool is_read) override {
    if (!is_read) return;
    (is_first_ ? count_.began : count_.messages).fetch_add(1);
    if (!is_first_) count_.bytes.fetch_add(response_.ByteSizeLong());
    is_first_ = false;
    StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override { Expect(status); }

  Count& count_;
  grpc::ClientContext context_;
  muster::admin::v1::WatchEventsRequest request_;
  muster::admin::v1::WatchEventsResponse response_;
  bool is_first_ = true;
};

int RunWatches(const std::string& address, int connections, int streams) {
  Count count;
  std::vector<std::unique_ptr<Admin::Stub>> stubs;
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < connections; ++i) {
    stubs.push_back(Admin::NewStub(Connect(address)));
    for (int j = 0; j < streams; ++j) {
      watches.push_back(std::make_unique<Watch>(*stubs.back(), count));
    }
    // So that no more are in their greeting than the master takes.
    while (count.began < (i + 1) * streams)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::cout << "watching" << std::endl;
  while (std::getchar() != EOF) continue;
  std::cout << count.messages << " " << count.bytes << std::endl;
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc < 3 ? "" : argv[1];
  if (what == "empty" && argc == 3) {
    Trips(argv[2]).Check();
    return 0;
  }
  if (what == "trips" && argc == 5) {
    return Trips(argv[2]).Run(std::atoi(argv[3]), std::atoi(argv[4]));
  }
  if (what == "watch" && argc == 5)
    return RunWatches(argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  std::cerr << "usage: admin_client trips|empty|watch ADDRESS ...\n";
  return 2;
}
