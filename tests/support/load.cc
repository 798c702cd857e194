#include "muster/tests/support/load.h"

#include <chrono>
#include <optional>

#include "muster/tests/support/child_process.h"
#include "muster/tests/support/http_client.h"

namespace muster::tests {
namespace {

constexpr std::uint64_t kMostRequests = 1'000'000;

// Whether the server keeps the connection after it.
bool IsKept(const HttpResponse& response) {
  const auto field = response.headers.find("connection");
  return field == response.headers.end() || field->second != "close";
}

}  // namespace

Load::Load(const std::string& address, const std::string& path, Clients clients)
    : address_(address), path_(path) {
  for (int i = 0; i < clients.keep_alive; ++i) threads_.emplace_back([this] { KeepAlive(); });
  for (int i = 0; i < clients.connection_per_request; ++i) {
    threads_.emplace_back([this] { ConnectionPerRequest(); });
  }
}

Load::~Load() { Stop(); }

void Load::Stop() {
  is_stopped_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool Load::AwaitMore(std::uint64_t count) const {
  const std::uint64_t goal = answered_ + count;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (answered_ < goal) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

void Load::KeepAlive() {
  std::optional<HttpClient> client;
  for (std::uint64_t i = 0; i < kMostRequests && !is_stopped_; ++i) {
    if (!client.has_value()) client.emplace(address_);
    const std::optional<HttpResponse> response = client->Get(path_);
    const bool is_answered = response.has_value() && response->status == 200;
    ++(is_answered ? answered_ : failed_);
    if (is_answered && IsKept(*response)) continue;
    ++closed_;
    client.reset();
  }
}

void Load::ConnectionPerRequest() {
  for (std::uint64_t i = 0; i < kMostRequests && !is_stopped_; ++i) {
    const std::optional<HttpResponse> response = FetchOnce(address_, path_);
    ++(response.has_value() && response->status == 200 ? answered_ : failed_);
  }
}

}  // namespace muster::tests
