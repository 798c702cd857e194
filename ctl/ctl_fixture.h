#ifndef MUSTER_CTL_CTL_FIXTURE_H_
#define MUSTER_CTL_CTL_FIXTURE_H_

#include <grpcpp/server.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "muster/ctl/fake_admin.h"

namespace muster::ctl {

// A fake admin service over a real Unix socket.
class Ctl : public ::testing::Test {
 protected:
  Ctl() {
    char name[] = "/tmp/ctl_test.XXXXXX";
    folder_ = ::mkdtemp(name);
    socket_ = folder_ + "/admin.sock";
  }
  ~Ctl() override {
    StopServing();
    std::filesystem::remove_all(folder_);
  }

  void Serve() { server_ = admin_.Serve(socket_); }
  void StopServing() {
    if (server_) server_->Shutdown();
    server_.reset();
  }

  std::string folder_;
  std::string socket_;
  FakeAdmin admin_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_CTL_FIXTURE_H_
