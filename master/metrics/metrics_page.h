#ifndef MUSTER_MASTER_METRICS_METRICS_PAGE_H_
#define MUSTER_MASTER_METRICS_METRICS_PAGE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/metrics/scrape_server.h"
#include "muster/master/process/log.h"
#include "muster/master/tls/tls_material.h"

namespace muster::master {

// The page of the master's metrics, where the configuration says so. In the loop's thread.
class MetricsPage {
 public:
  // `text` makes the page; it is called in a thread of the page's own. `log` and what `text` uses
  // outlive this.
  MetricsPage(Log& log, std::function<std::string()> text) : log_(log), text_(std::move(text)) {}
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  // From now on answers at the socket in `listeners` that is for metrics, if there is one. After an
  // error it answers where it did.
  // `tls`: what is in force, which an address needs that other machines can reach.
  absl::Status Keep(const ListenerSet& listeners, const std::optional<TlsMaterial>& tls);

 private:
  Log& log_;
  const std::function<std::string()> text_;
  std::shared_ptr<const Listener> socket_;  // null: there is none
  std::optional<TlsMaterial> tls_;          // that it uses
  std::unique_ptr<ScrapeServer> server_;    // once there was a socket
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_METRICS_METRICS_PAGE_H_
