#include "muster/bench/stream/bench_worker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <utility>

#include "muster/ipc/base/check.h"

namespace muster::bench {
namespace {

double ThreadCpuSeconds() {
  timespec used;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

}  // namespace

BenchWorker::BenchWorker(config::v1::Config config, const Maker& make_service)
    : loop_(*loop::EventLoop::Create()),
      zone_(*worker::SharedZone::Create(8)),
      tag_(*zone_.Reserve()),
      connections_(zone_.stats(tag_.slot()).active),
      config_(std::move(config)),
      service_(make_service(*this)) {
  std::signal(SIGPIPE, SIG_IGN);  // as in a worker
}

ipc::UniqueFd BenchWorker::Connect() {
  const ipc::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  ipc::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  MUSTER_CHECK(::bind(listener.get(), generic, size) == 0 && ::listen(listener.get(), 1) == 0 &&
                   ::getsockname(listener.get(), generic, &size) == 0 &&
                   ::connect(client.get(), generic, size) == 0,
               "a connection over loopback");
  worker::Connection connection;
  connection.fd.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int one = 1;
  for (const int fd : {client.get(), connection.fd.get()}) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  }
  connection.lease = connections_.Take();
  service_->OnConnection(std::move(connection));
  return client;
}

double BenchWorker::Run() {
  const double before = ThreadCpuSeconds();
  while (connections_.held() > 0) {
    MUSTER_CHECK(loop_->RunOnce(std::chrono::seconds(1)).ok(), "a round of the loop");
  }
  return ThreadCpuSeconds() - before;
}

void BenchWorker::Log(config::v1::Log::Level /*level*/, absl::string_view line) {
  std::fprintf(stderr, "%s\n", std::string(line).c_str());
}

}  // namespace muster::bench
