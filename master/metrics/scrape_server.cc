#include "muster/master/metrics/scrape_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

constexpr int kMostPerRound = 16;
// How long nothing is accepted when the process has no descriptor for one more.
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

absl::StatusOr<std::unique_ptr<ScrapeServer>> ScrapeServer::Start(
    std::function<std::string()> text) {
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<loop::EventLoop> loop, loop::EventLoop::Create());
  std::unique_ptr<ScrapeServer> server(new ScrapeServer(std::move(loop), std::move(text)));
  try {
    server->thread_ = std::thread([self = server.get()] { self->loop_->Run().IgnoreError(); });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(error.what());
  }
  return server;
}

ScrapeServer::ScrapeServer(std::unique_ptr<loop::EventLoop> loop, std::function<std::string()> text)
    : loop_(std::move(loop)), text_(std::move(text)), again_(*loop_, [this] {
        if (listener_.valid()) loop_->Modify(listener_.get(), EPOLLIN, this).IgnoreError();
      }) {}

ScrapeServer::~ScrapeServer() {
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
  SetListener(ipc::UniqueFd());
  scrapes_.clear();
  loop_->DropTasks();
}

void ScrapeServer::Listen(ipc::UniqueFd listener, std::shared_ptr<const TlsContext> tls) {
  auto shared = std::make_shared<ipc::UniqueFd>(std::move(listener));
  loop_->Post([this, shared, tls = std::move(tls)] {
    tls_ = tls;
    SetListener(std::move(*shared));
  });
}

void ScrapeServer::SetListener(ipc::UniqueFd listener) {
  again_.Cancel();
  if (listener_.valid()) loop_->Remove(listener_.get(), this);
  listener_ = std::move(listener);
  if (listener_.valid() && !loop_->Add(listener_.get(), EPOLLIN, this).ok()) listener_.reset();
}

void ScrapeServer::OnEvents(std::uint32_t) {
  for (int i = 0; i < kMostPerRound; ++i) {
    ipc::UniqueFd connection(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.valid()) {
      Serve(std::move(connection));
      continue;
    }
    if (errno == EAGAIN) return;
    if (errno == ECONNABORTED || errno == EINTR) continue;
    // For want of descriptors or memory: they wait in the queue.
    loop_->Modify(listener_.get(), 0, this).IgnoreError();
    again_.SetAfter(kPause);
    return;
  }
}

void ScrapeServer::Serve(ipc::UniqueFd connection) {
  std::unique_ptr<ByteStream> stream =
      tls_ == nullptr ? PlainStream(std::move(connection)) : tls_->Accept(std::move(connection));
  if (stream == nullptr) return;
  if (scrapes_.size() >= kMost) scrapes_.pop_front();
  scrapes_.push_back(
      std::make_unique<Scrape>(*loop_, std::move(stream), text_, [this](Scrape& ended) {
        scrapes_.remove_if([&](const auto& scrape) { return scrape.get() == &ended; });
      }));
  if (!scrapes_.back()->Start().ok()) scrapes_.pop_back();
}

}  // namespace muster::master
