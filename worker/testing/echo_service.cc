#include "muster/worker/testing/echo_service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"

namespace muster::worker::testing {
namespace {

class EchoService : public Service {
 public:
  explicit EchoService(Context& context) : context_(context) {}

  void OnConnection(Connection connection) override {
    auto client = std::make_unique<Client>(*this, std::move(connection));
    if (!context_.loop().Add(client->fd(), EPOLLIN, client.get()).ok()) return;
    Client* const key = client.get();
    clients_.emplace(key, std::move(client));
  }

  absl::Status Reopen() override {
    const std::string& path = context_.config().http().access_log().path();
    if (path.empty()) return absl::OkStatus();
    const ipc::UniqueFd log(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return log.valid() ? absl::OkStatus() : ipc::ErrnoStatus(absl::StrCat("open ", path));
  }

  void Drain(Idle idle) override {
    if (idle != Idle::kClose) return;
    for (auto it = clients_.begin(); it != clients_.end();) {
      Client* const client = (it++)->first;
      if (client->is_idle()) Close(client);
    }
  }

 private:
  class Client : public loop::Handler {
   public:
    Client(EchoService& service, Connection connection)
        : service_(service), connection_(std::move(connection)) {}

    int fd() const { return connection_.fd.get(); }
    bool is_idle() const { return line_.empty(); }

    void OnEvents(std::uint32_t) override {
      char bytes[4096];
      const ssize_t size = ::recv(fd(), bytes, sizeof(bytes), 0);
      if (size <= 0) return service_.Close(this);
      for (const char byte : absl::string_view(bytes, static_cast<std::size_t>(size))) {
        line_ += byte;
        if (byte != '\n') continue;
        service_.context_.stats().requests.Add();
        const std::string answer = absl::StrCat(::getpid(), " ", line_);
        [[maybe_unused]] const ssize_t sent =
            ::send(fd(), answer.data(), answer.size(), MSG_NOSIGNAL);
        line_.clear();
        if (service_.context_.is_draining()) return service_.Close(this);
      }
    }

   private:
    EchoService& service_;
    Connection connection_;
    std::string line_;
  };

  void Close(Client* client) {
    context_.loop().Remove(client->fd(), client);
    clients_.erase(client);
  }

  Context& context_;
  std::unordered_map<Client*, std::unique_ptr<Client>> clients_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Service>> MakeEchoService(Context& context) {
  return std::make_unique<EchoService>(context);
}

}  // namespace muster::worker::testing
