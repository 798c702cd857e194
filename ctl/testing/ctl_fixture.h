#ifndef MUSTER_CTL_TESTING_CTL_FIXTURE_H_
#define MUSTER_CTL_TESTING_CTL_FIXTURE_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "muster/ctl/testing/fake_admin.h"

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

  void Serve() { admin_.ServeUnix(socket_); }
  void StopServing() { admin_.Stop(); }

  std::string folder_;
  std::string socket_;
  FakeAdmin admin_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TESTING_CTL_FIXTURE_H_
