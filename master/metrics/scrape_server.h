#ifndef MUSTER_MASTER_METRICS_SCRAPE_SERVER_H_
#define MUSTER_MASTER_METRICS_SCRAPE_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/master/metrics/byte_stream.h"
#include "muster/master/metrics/scrape.h"

namespace muster::master {

// Answers those who scrape the master's metrics, in a loop and a thread of its own, so that neither
// they nor their handshakes cost the master's loop anything. At most kMost connections are served
// at once; the oldest is closed for another. Created and destroyed in one thread.
class ScrapeServer final : private loop::Handler {
 public:
  static constexpr std::size_t kMost = 16;

  // `text` makes the page; it is called in the server's thread. All signals should be blocked in
  // the calling thread. ResourceExhausted: no thread can be started.
  static absl::StatusOr<std::unique_ptr<ScrapeServer>> Start(std::function<std::string()> text);
  // Ends all connections.
  ~ScrapeServer() override;

  // Accepts from this socket from now on, and from none that it had before; with TLS, or without
  // (null). -1: from none. Thread-safe. It takes effect soon.
  void Listen(ipc::UniqueFd listener, std::shared_ptr<const TlsContext> tls);

 private:
  ScrapeServer(std::unique_ptr<loop::EventLoop> loop, std::function<std::string()> text);

  // In the server's thread:
  void OnEvents(std::uint32_t events) override;
  void SetListener(ipc::UniqueFd listener);
  void Serve(ipc::UniqueFd connection);

  const std::unique_ptr<loop::EventLoop> loop_;
  const std::function<std::string()> text_;
  ipc::UniqueFd listener_;
  std::shared_ptr<const TlsContext> tls_;
  std::list<std::unique_ptr<Scrape>> scrapes_;  // the oldest first
  loop::Timer again_;                           // armed after an accept that failed
  std::thread thread_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_METRICS_SCRAPE_SERVER_H_
