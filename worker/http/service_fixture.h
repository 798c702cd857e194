#ifndef MUSTER_WORKER_HTTP_SERVICE_FIXTURE_H_
#define MUSTER_WORKER_HTTP_SERVICE_FIXTURE_H_

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker::http {

// What a client was answered.
struct ClientResponse {
  int status = 0;
  std::string head;
  std::string body;

  // The value of a field; none if it is not there.
  std::optional<std::string> Field(absl::string_view name) const;
};

// A test with the HTTP service in its own process and thread, on a loop that runs while a client
// waits, and clients on loopback TCP.
class ServiceFixture : public testing::Test, private Context {
 protected:
  class Client;

  static constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  ServiceFixture();
  ~ServiceFixture() override;

  // The defaults of config.proto; a location "/" that returns "hello". To be changed before
  // the first Connect or Start.
  config::v1::Http& http() { return *config_.mutable_http(); }
  // What its handlers are, by name.
  Handlers& handlers() { return handlers_; }
  // A location that serves root().
  config::v1::Location& AddRoot(const std::string& path);
  const std::filesystem::path& root() const { return root_; }
  void WriteFile(const std::string& name, absl::string_view content) const;

  // The service of the configuration, made at the first use.
  Service& service();
  absl::Status Start();
  void Stop() { service_.reset(); }

  Client Connect();
  // On a new connection that is closed then.
  ClientResponse Ask(absl::string_view request);

  // Runs the loop until `is_done`, but not longer than 10 seconds. False: it was not.
  bool RunUntil(const std::function<bool()>& is_done);
  // Runs the loop for the events that are there already.
  void RunWhatIsReady();

  // Whether other workers have room for what the service hands off. At first they have.
  void SetHandoffRoom(bool has_room) { has_handoff_room_ = has_room; }
  // What the service has handed off, and nobody adopted yet.
  std::size_t handed_off() const { return handed_off_.size(); }
  // The state of the first of them.
  const std::string& handed_off_state() const { return handed_off_.front().second; }
  // A second service of the same configuration, which adopts what the first has handed off.
  void AdoptAll();
  // The same with the first of them, but another state.
  absl::Status AdoptWith(const std::string& state);

  // What the service has of its worker, for tests of its parts.
  Context& context() { return *this; }

  std::uint32_t connections() const { return connections_.held(); }
  StatsValues counters() { return ReadStats(stats()); }
  const std::vector<std::string>& logged() const { return logged_; }
  loop::EventLoop& loop() override { return *loop_; }
  SlotStats& stats() override { return zone_.stats(tag_.slot()); }

 private:
  Service& successor();
  const config::v1::Config& config() const override { return config_; }
  std::uint32_t index() const override { return 0; }
  std::uint32_t slot() const override { return 0; }
  std::uint64_t generation() const override { return 1; }
  const SharedZone& zone() const override { return zone_; }
  absl::StatusOr<const UserZone*> zone(absl::string_view) const override {
    return absl::FailedPreconditionError("this test has no zones");
  }
  Metrics& metrics() override { return metrics_; }
  void Post(std::function<void()> task) override { loop_->Post(std::move(task)); }
  void Log(config::v1::Log::Level, absl::string_view line) override { logged_.emplace_back(line); }
  bool is_draining() const override { return false; }
  bool HasHandoffRoom() override { return has_handoff_room_; }
  void HandOff(worker::Connection connection, std::string state) override {
    handed_off_.emplace_back(std::move(connection), std::move(state));
  }

  config::v1::Config config_;
  Handlers handlers_;
  std::filesystem::path root_;
  std::unique_ptr<loop::EventLoop> loop_;
  SharedZone zone_;
  Metrics metrics_;
  ipc::OwnerTag tag_;
  std::vector<std::string> logged_;
  ConnectionCount connections_;
  ipc::UniqueFd listener_;
  bool has_handoff_room_ = true;
  std::vector<std::pair<worker::Connection, std::string>> handed_off_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Service> successor_;
};

// A client's end of a connection.
class ServiceFixture::Client {
 public:
  Client(ServiceFixture& fixture, ipc::UniqueFd fd) : fixture_(fixture), fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  // All of it, as the service reads it.
  void Send(absl::string_view bytes);
  // Ends this side.
  void FinishSending();
  void Close() { fd_.reset(); }

  // The next response; `has_body` false: it answers HEAD. Its status is 0 if none came.
  ClientResponse Receive(bool has_body = true);
  ClientResponse Ask(absl::string_view request, bool has_body = true);
  // What has come and was not received as a response, once `is_enough` of it; as it is, if that
  // does not come.
  const std::string& Await(const std::function<bool(const std::string& bytes)>& is_enough);
  // All until the server closes.
  std::string ReceiveAll();
  // Whether the server closes without another byte.
  bool IsClosed();
  // Whether it is open and nothing came, once the service has done what it can do now.
  bool IsQuiet();
  // Whether the server has reset the connection.
  bool is_reset() const { return is_reset_; }
  // Takes what is there; false: nothing is there, but the connection is open.
  bool Read();

 private:
  ServiceFixture& fixture_;
  ipc::UniqueFd fd_;
  std::string received_;
  bool is_ended_ = false;
  bool is_reset_ = false;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_SERVICE_FIXTURE_H_
