#include "muster/config/absolute_paths.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

TEST(AbsolutePaths, BecomeAbsoluteInTheWholeConfiguration) {
  v1::Config config;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      listen { address: "unix:run/site.sock" }
      listen { address: "127.0.0.1:80" }
      pid_file: "run/pid"
      worker_binary: "bin/worker"
      log { path: "logs/master.log" }
      admin {
        listen: "unix:run/admin.sock"
        listen: "127.0.0.1:1"
        tls { certificate: "tls/own.pem" key: "/keys/own.key" client_ca: "ca.pem" }
      }
      http {
        location { path: "/" root: "www" }
        location { path: "/a" return {} }
        access_log { path: "/var/log/access.log" }
      })",
                                                            &config));
  MakePathsAbsolute(&config, "/p");
  EXPECT_EQ(config.listen(0).address(), "unix:/p/run/site.sock");
  EXPECT_EQ(config.listen(1).address(), "127.0.0.1:80");
  EXPECT_EQ(config.pid_file(), "/p/run/pid");
  EXPECT_EQ(config.worker_binary(), "/p/bin/worker");
  EXPECT_EQ(config.log().path(), "/p/logs/master.log");
  EXPECT_EQ(config.admin().listen(0), "unix:/p/run/admin.sock");
  EXPECT_EQ(config.admin().listen(1), "127.0.0.1:1");
  EXPECT_EQ(config.admin().tls().certificate(), "/p/tls/own.pem");
  EXPECT_EQ(config.admin().tls().key(), "/keys/own.key");
  EXPECT_EQ(config.admin().tls().client_ca(), "/p/ca.pem");
  EXPECT_EQ(config.http().location(0).root(), "/p/www");
  EXPECT_EQ(config.http().location(0).path(), "/");
  EXPECT_EQ(config.http().access_log().path(), "/var/log/access.log");
}

TEST(AbsolutePaths, DoNotMakeFieldsThatAreUnset) {
  v1::Config config;
  config.add_listen();
  config.mutable_http()->mutable_access_log();
  MakePathsAbsolute(&config, "/p");
  EXPECT_FALSE(config.listen(0).has_address());
  EXPECT_FALSE(config.has_pid_file());
  EXPECT_FALSE(config.http().access_log().has_path());
  EXPECT_FALSE(config.has_log());
  EXPECT_FALSE(config.has_worker_binary());
}

}  // namespace
}  // namespace muster::config
