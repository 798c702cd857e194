#include <string>

#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/testing/test_master.h"
#include "muster/worker/testing/test_worker.h"

namespace muster::worker {
namespace {

using testing::TestClient;
using testing::TestMaster;
using testing::TestWorker;

constexpr char kProgram[] = "worker/worker";

// Of a configuration whose defaults a master has filled in, what these tests need.
void ServeAGreeting(config::v1::Http& http) {
  http.mutable_keepalive_timeout()->set_seconds(75);
  http.mutable_header_timeout()->set_seconds(60);
  http.mutable_body_timeout()->set_seconds(60);
  http.mutable_send_timeout()->set_seconds(60);
  http.set_max_request_line_bytes(8192);
  http.set_max_header_bytes(32768);
  http.set_max_body_bytes(1 << 20);
  config::v1::Location& location = *http.add_location();
  location.set_path("/");
  location.mutable_return_()->set_status(200);
  location.mutable_return_()->set_body("hello\n");
  location.mutable_return_()->set_content_type("text/plain");
}

TEST(WorkerProgram, ServesHttp) {
  TestMaster master;
  ServeAGreeting(*master.config().mutable_http());
  const auto worker = master.StartWorker(master.Reserve(), kProgram);
  const TestClient client(master.port());
  client.Send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.ReadLine(), "HTTP/1.1 200 OK\r");
  worker->Send(Command::kDrain);
  EXPECT_EQ(worker->AwaitExit(), "exited with code 0");
  EXPECT_EQ(master.zone().Sum().requests, 1u);
  EXPECT_EQ(master.zone().Sum().active, 0u);
}

TEST(WorkerProgram, RefusesAConfigurationWithoutHttp) {
  const TestMaster master;
  TestWorker worker(kProgram);
  master.Introduce(worker, master.Hello(master.Reserve()));
  EXPECT_EQ(testing::ReceiveReason(worker), "http: is not configured");
  EXPECT_EQ(worker.AwaitExit(), "exited with code 2");
}

}  // namespace
}  // namespace muster::worker
