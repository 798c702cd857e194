#ifndef MUSTER_MASTER_TESTING_TEST_ADMIN_H_
#define MUSTER_MASTER_TESTING_TEST_ADMIN_H_

#include <cstddef>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "muster/config/access/admin_method.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/admin/server/admin_server.h"
#include "muster/master/events/call_audit.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/log.h"
#include "muster/master/testing/test_core.h"

namespace muster::master {

// An empty message of the type that the method takes.
std::unique_ptr<google::protobuf::Message> RequestOf(const config::AdminMethod& method);

// For tests: the admin service on a Unix socket in a folder of its own, with a loop in a thread of
// its own and a real core (test_core.h), and a client of it that sends any bytes. It must be made;
// a failure ends the process. Ask belongs to one thread at a time.
class TestAdmin {
 public:
  TestAdmin();
  ~TestAdmin();
  TestAdmin(const TestAdmin&) = delete;
  TestAdmin& operator=(const TestAdmin&) = delete;

  struct Answer {
    grpc::Status status;
    std::size_t messages = 0;  // that were answered
    bool was_left = false;     // a stream, which is left when its first message is there
    std::string id;            // x-request-id of the trailing metadata
  };
  // Calls the method with these bytes as the request, and waits for the one answer. `id`: sent as
  // x-request-id unless it is empty.
  Answer Ask(const config::AdminMethod& method, absl::string_view request,
             const std::string& id = "");

  const EventRing& events() const { return events_; }
  const std::string& log_path() const { return log_path_; }

 private:
  std::string folder_;
  std::string log_path_;
  Log log_;
  EventRing events_;
  CallAudit audit_{events_, log_};
  HealthBoard health_;
  TestCore core_{log_, events_, audit_};
  std::unique_ptr<loop::EventLoop> loop_;
  ListenerSet listeners_;
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_TESTING_TEST_ADMIN_H_
