#ifndef MUSTER_MASTER_ADMIN_SERVER_ADMIN_SERVER_FIXTURE_H_
#define MUSTER_MASTER_ADMIN_SERVER_ADMIN_SERVER_FIXTURE_H_

#include <stdlib.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/text_format.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "muster/listen/address.h"
#include "muster/loop/event_loop.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/admin/server/admin_server.h"
#include "muster/master/events/call_audit.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/log.h"
#include "muster/proto/admin.grpc.pb.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/health.grpc.pb.h"

namespace muster::master {

// A server in this thread's loop; clients run in threads of their own.
class AdminServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    loop_ = *loop::EventLoop::Create();
    operations_.status = [] {
      admin::v1::Status status;
      status.mutable_master()->set_generation(7);
      status.add_workers()->set_generation(6);
      status.add_workers()->set_generation(7);
      status.mutable_stats()->set_crashes(3);
      return status;
    };
    operations_.write_status = [this](StatusPart) {
      return operations_.status().SerializeAsString();  // of the whole status
    };
    operations_.generation = [] { return 7; };
    operations_.audit = &audit_;
    operations_.events = &events_;
    operations_.withdraw = [](RequestId, const std::string&) {};
  }
  void TearDown() override {
    server_.reset();
    listeners_ = ListenerSet();
    ::unlink(socket_path().c_str());
    ::rmdir(folder_);
  }

  std::string socket_path() const { return absl::StrCat(folder_, "/admin"); }
  listen::Address address() const { return *listen::Address::Parse("unix:" + socket_path()); }
  // Of a configuration's admin.
  static config::v1::Admin Rules(const std::string& text) {
    config::v1::Admin admin;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &admin));
    return admin;
  }
  // This user may do what no rule denies.
  static AdminTerms TermsWith(const std::string& rules) {
    return {.access = *AccessPolicy::Find(Rules(rules), {::geteuid()})};
  }
  static AdminTerms Terms() { return TermsWith(""); }
  // Sockets as this `admin` of a configuration wants them, some of them perhaps the server's, which
  // listen. Without a text: the socket of socket_path().
  absl::StatusOr<ListenerSet> Listen(const std::string& admin = "") const {
    config::v1::Config config;
    *config.mutable_admin() = Rules(admin);
    if (config.admin().listen_size() == 0) config.mutable_admin()->add_listen(address().ToString());
    absl::StatusOr<ListenerSet> listeners = ListenerSet::Make(config, 1, listeners_);
    if (!listeners.ok()) return listeners;
    const absl::Status status = listeners->Listen();
    if (!status.ok()) return status;
    return listeners;
  }
  void Start(const std::string& admin = "") {
    absl::StatusOr<ListenerSet> listeners = Listen(admin);
    ASSERT_TRUE(listeners.ok()) << listeners.status();
    listeners_ = *std::move(listeners);
    StartWith(Terms());
  }
  // Accepts from listeners_.
  void StartWith(const AdminTerms& terms) {
    auto server =
        AdminServer::Start(listeners_, terms, operations_,
                           {.loop = *loop_,
                            .health = health_,
                            .log = log_,
                            .restore =
                                [this](ListenerSet& now) {
                                  const absl::Status status = listeners_.RestoreForMaster();
                                  now = listeners_;
                                  return status;
                                },
                            .count_call =
                                [this](absl::string_view path, grpc::StatusCode code) {
                                  const std::lock_guard lock(counted_mutex_);
                                  counted_.push_back(absl::StrCat(path, " ", code));
                                },
                            .count_refused_handshake = [this] { ++refused_handshakes_; }});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  // As a reload does it.
  absl::Status Keep(const std::string& admin) {
    absl::StatusOr<ListenerSet> listeners = Listen(admin);
    if (!listeners.ok()) return listeners.status();
    listeners_ = *std::move(listeners);
    return server_->Keep(listeners_, Terms());
  }
  std::shared_ptr<grpc::Channel> Connect() const {
    return grpc::CreateChannel("unix:" + socket_path(), grpc::InsecureChannelCredentials());
  }

  // Runs the loop while `client` runs in another thread.
  template <typename Client>
  auto Serve(Client client) {
    auto result = std::async(std::launch::async, [&] {
      auto value = client();
      loop_->Stop();
      return value;
    });
    EXPECT_TRUE(loop_->Run().ok());
    return result.get();
  }

  grpc::Status Reload(admin::v1::ReloadResponse* response) {
    return Serve([&] {
      grpc::ClientContext context;
      return admin::v1::Admin::NewStub(Connect())->Reload(&context, {}, response);
    });
  }

  static grpc::Status Check(const std::shared_ptr<grpc::Channel>& channel, const std::string& name,
                            grpc::health::v1::HealthCheckResponse* response) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(name);
    return grpc::health::v1::Health::NewStub(channel)->Check(&context, request, response);
  }

  // The calls that are over, once there are so many.
  std::vector<std::string> AwaitCounted(std::size_t calls) {
    for (;; std::this_thread::yield()) {
      const std::lock_guard lock(counted_mutex_);
      if (counted_.size() >= calls) return counted_;
    }
  }

  char folder_[32] = "/tmp/muster-admin-XXXXXX";
  Log log_;
  EventRing events_;
  CallAudit audit_{events_, log_};
  HealthBoard health_;
  std::unique_ptr<loop::EventLoop> loop_;
  AdminOperations operations_;
  ListenerSet listeners_;
  int refused_handshakes_ = 0;
  std::mutex counted_mutex_;
  std::vector<std::string> counted_;  // calls that are over: "PATH CODE"
  std::unique_ptr<AdminServer> server_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_SERVER_ADMIN_SERVER_FIXTURE_H_
