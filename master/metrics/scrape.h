#ifndef MUSTER_MASTER_METRICS_SCRAPE_H_
#define MUSTER_MASTER_METRICS_SCRAPE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/master/metrics/byte_stream.h"

namespace muster::master {

// One HTTP/1.1 connection that asks for the metrics once: GET or HEAD of /metrics. It is closed
// after the answer. In its loop's thread.
class Scrape final : private loop::Handler {
 public:
  // From the first byte of the handshake to the last one of the answer.
  static constexpr std::chrono::seconds kPatience{10};
  static constexpr std::size_t kMostRequestBytes = 8 * 1024;

  // `text` makes the page. `on_end` is called once, and may destroy this. `loop` outlives it.
  Scrape(loop::EventLoop& loop, std::unique_ptr<ByteStream> stream,
         std::function<std::string()> text, std::function<void(Scrape&)> on_end);
  ~Scrape() override;

  // Begins. An error is that of epoll: destroy it then.
  absl::Status Start();

 private:
  void OnEvents(std::uint32_t events) override;
  // As far as it goes without waiting. False: it is over.
  bool Go();
  bool Wait(ByteStream::Outcome outcome);
  void Answer(int status, const std::string& body, bool has_body);
  // Whether the request is complete, which is answered then.
  bool TakeRequest();

  loop::EventLoop& loop_;
  const std::unique_ptr<ByteStream> stream_;
  const std::function<std::string()> text_;
  const std::function<void(Scrape&)> on_end_;
  loop::Timer deadline_;
  bool is_watched_ = false;
  bool is_ready_ = false;  // the handshake is over
  std::string request_;
  std::string answer_;  // what is left to send; empty: the request is not complete
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_METRICS_SCRAPE_H_
