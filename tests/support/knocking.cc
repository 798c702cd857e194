#include "muster/tests/support/knocking.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

constexpr char kListen[] = "listen { address: \"127.0.0.1:0\" }";

}  // namespace

std::string ConfigListening(const std::vector<std::string>& addresses, const std::string& more) {
  std::string listen;
  for (const std::string& address : addresses) {
    absl::StrAppend(&listen, "listen { address: \"", address, "\" }\n");
  }
  return absl::StrReplaceAll(RunningMaster::Config(more), {{kListen, listen}});
}

std::string At(const std::string& host, const std::string& address) {
  return host + address.substr(address.rfind(':'));
}

bool IsAnsweredBy(int connection) {
  const timeval patience = {.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  constexpr char kRequest[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  ::send(connection, kRequest, sizeof(kRequest) - 1, MSG_NOSIGNAL);
  char answer[64] = {};
  const ssize_t size = ::recv(connection, answer, sizeof(answer) - 1, MSG_WAITALL);
  return size > 0 && std::string(answer).rfind("HTTP/1.1 200", 0) == 0;
}

int Knock(const std::string& at) {
  const auto address = listen::Address::Parse(at);
  const ipc::UniqueFd fd(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address->get(), address->size()) != 0) return errno;
  return IsAnsweredBy(fd.get()) ? 0 : -1;
}

bool CanBind(const std::string& at) {
  const auto address = listen::Address::Parse(at);
  const ipc::UniqueFd fd(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  return ::bind(fd.get(), address->get(), address->size()) == 0;
}

Knocking::Knocking(const std::string& address, int clients) {
  for (int i = 0; i < clients; ++i) {
    threads_.emplace_back([this, address] {
      for (int j = 0; j < 1'000'000 && !is_stopped_; ++j) {
        const int outcome = Knock(address);
        ++(outcome == 0 ? answered : outcome > 0 ? refused : cut);
      }
    });
  }
}

void Knocking::Stop() {
  is_stopped_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace muster::tests
