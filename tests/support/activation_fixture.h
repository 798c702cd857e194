#ifndef MUSTER_TESTS_SUPPORT_ACTIVATION_FIXTURE_H_
#define MUSTER_TESTS_SUPPORT_ACTIVATION_FIXTURE_H_

#include <sys/socket.h>
#include <sys/time.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/proto/admin.pb.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/running_master.h"
#include "muster/tests/support/service_manager.h"

namespace muster::tests {

// A master and the service manager that starts it, which passes it descriptors.
class Activation : public testing::Test {
 protected:
  // A client that has connected and sent a request. It need not be accepted for that.
  class Client {
   public:
    explicit Client(const std::string& text) {
      const listen::Address address = *listen::Address::Parse(text);
      fd_.reset(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
      const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
      is_connected_ = ::connect(fd_.get(), address.get(), address.size()) == 0 &&
                      ::send(fd_.get(), kRequest, sizeof(kRequest) - 1, MSG_NOSIGNAL) > 0;
    }
    bool is_connected() const { return is_connected_; }
    // What came until the connection ended.
    std::string Answer() const {
      std::string answer;
      char buffer[4096];
      for (ssize_t n; (n = ::recv(fd_.get(), buffer, sizeof(buffer), 0)) > 0;) {
        answer.append(buffer, static_cast<std::size_t>(n));
      }
      return answer;
    }

   private:
    static constexpr char kRequest[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    ipc::UniqueFd fd_;
    bool is_connected_ = false;
  };

  // `worker`: as for RunningMaster. Starts nothing.
  explicit Activation(const std::string& worker = "worker/worker")
      : muster_(RunningMaster::Config(), worker) {}

  // RunningMaster's, with this address for that of the service.
  static std::string ConfigAt(const std::string& address, const std::string& more = "") {
    return absl::StrReplaceAll(RunningMaster::Config(more), {{"127.0.0.1:0", address}});
  }

  std::string Log() { return muster_.master().errors(); }
  std::vector<std::string> Listening() {
    const admin::v1::Status status = muster_.Status();
    return {status.master().listen().begin(), status.master().listen().end()};
  }

  RunningMaster muster_;
  ServiceManager manager_{muster_};
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_ACTIVATION_FIXTURE_H_
